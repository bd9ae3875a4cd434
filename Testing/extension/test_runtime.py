"""The stand-in for Slicer itself: it behaves as PythonQt and MRML do, and rejects what Slicer would reject."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pydicom.data import get_testdata_file
from PySide6 import QtWidgets

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
EXTENSION = ROOT / "CausalCLIPSegExtension"


def test_properties_are_attributes_and_unknown_names_fail(slicer):
    import qt

    button = qt.QPushButton("one")
    assert button.text == "one"
    button.text = "two"
    assert button.text == "two"
    with pytest.raises(TypeError):
        button.text()
    with pytest.raises(AttributeError):
        button.txet = "three"
    with pytest.raises(AttributeError):
        button.setTxet("three")
    with pytest.raises(AttributeError):
        slicer.util.loadUl("x")


def test_signals_connect_by_signature_and_by_name(slicer):
    import qt

    button, calls = qt.QPushButton("b"), []
    button.checkable = True
    button.connect("clicked()", lambda: calls.append("none"))
    button.connect("toggled(bool)", calls.append)
    button.clicked.connect(lambda checked: calls.append(("by name", checked)))
    button.click()
    assert calls == [True, "none", ("by name", True)]
    with pytest.raises(ValueError, match="no signal"):
        button.connect("klicked()", lambda: None)
    with pytest.raises(ValueError, match="Not a signal"):
        button.connect("clicked", lambda: None)


def test_signals_cannot_be_defined_in_python(slicer):
    import qt

    assert not hasattr(qt, "Signal")


@pytest.fixture
def editor(slicer, volume):
    """An editor of two adjacent segments, "a" and "b", of four pixels each."""
    segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    segmentation.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    for identifier, first in (("a", 10), ("b", 12)):
        segmentation.GetSegmentation().AddEmptySegment(identifier, identifier, (1, 0, 0))
        values = np.zeros((1, 64, 48), np.uint8)
        values[0, 10:12, first : first + 2] = 1
        slicer.util.updateSegmentBinaryLabelmapFromArray(values, segmentation, identifier, volume)
    widget = slicer.qMRMLSegmentEditorWidget()
    widget.setMRMLScene(slicer.mrmlScene)
    widget.setMRMLSegmentEditorNode(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentEditorNode"))
    widget.setSegmentationNode(segmentation)
    widget.setSourceVolumeNode(volume)
    yield widget
    widget.setMRMLScene(None)


def count_pixels(editor) -> dict[str, int]:
    import slicer

    node = editor.mrmlSegmentEditorNode()
    segmentation, volume = node.GetSegmentationNode(), node.GetSourceVolumeNode()
    return {
        identifier: int(slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, identifier, volume).sum())
        for identifier in segmentation.GetSegmentation().GetSegmentIDs()
    }


def test_editor_needs_scene_node_segmentation_and_volume_in_this_order(slicer, volume):
    editor = slicer.qMRMLSegmentEditorWidget()
    segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    with pytest.raises(RuntimeError, match="scene"):
        editor.setMRMLSegmentEditorNode(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentEditorNode"))
    editor.setMRMLScene(slicer.mrmlScene)
    with pytest.raises(RuntimeError, match="segment editor node"):
        editor.setSegmentationNode(segmentation)
    with pytest.raises(RuntimeError, match="segmentation"):
        editor.setSourceVolumeNode(volume)


@pytest.mark.parametrize(("mode", "remaining"), [("OverwriteAllSegments", 3), ("OverwriteNone", 4)])
def test_stroke_over_another_segment_follows_the_overwrite_mode(slicer, editor, mode, remaining):
    editor.mrmlSegmentEditorNode().SetOverwriteMode(getattr(slicer.vtkMRMLSegmentEditorNode, mode))
    editor.setCurrentSegmentID("a")
    editor.setActiveEffectByName("Paint")
    assert editor.click_in_view(10, 12)
    assert count_pixels(editor) == {"a": 5, "b": remaining}


def test_undo_and_redo_restore_masks_and_enable_the_buttons(editor):
    buttons = [editor._object.findChild(QtWidgets.QToolButton, name) for name in ("UndoButton", "RedoButton")]

    def enabled() -> list[bool]:
        return [button.isEnabled() for button in buttons]

    assert enabled() == [False, False]
    editor.setCurrentSegmentID("b")
    editor.setActiveEffectByName("Erase")
    editor.click_in_view(10, 12)
    assert count_pixels(editor) == {"a": 4, "b": 3}
    assert enabled() == [True, False]
    buttons[0].click()
    assert count_pixels(editor) == {"a": 4, "b": 4}
    assert enabled() == [False, True]
    buttons[1].click()
    assert count_pixels(editor) == {"a": 4, "b": 3}
    editor.undoEnabled = True
    assert enabled() == [False, False]


def test_clicks_in_the_views_reach_only_an_active_effect(editor):
    assert not editor.click_in_view(0, 0)
    editor.setActiveEffectByName("Paint")
    assert editor.click_in_view(0, 0)
    editor.setActiveEffect(None)
    assert not editor.click_in_view(1, 1)
    editor.setActiveEffectByName("Paint")
    editor.setSegmentationNode(None)
    assert editor.activeEffect() is None


def test_effects_are_shown_in_the_requested_order(editor):
    def effects() -> list[str]:
        grid = editor._object.findChild(QtWidgets.QFrame, "EffectsGroupBox").layout()
        return [grid.itemAt(index).widget().objectName() for index in range(grid.count())]

    assert len(effects()) == 15
    editor.setEffectNameOrder(["Erase", "Paint"])
    editor.unorderedEffectsVisible = False
    assert effects() == ["NULL", "Erase", "Paint"]
    with pytest.raises(RuntimeError, match="Pencil"):
        editor.setEffectNameOrder(["Pencil"])


def test_editor_selects_only_segmentations_with_its_attribute(slicer, editor):
    node = editor.mrmlSegmentEditorNode()
    slicer.mrmlScene.RemoveNode(node.GetSegmentationNode())
    assert node.GetSegmentationNode() is None
    editor.segmentationNodeSelectorAddAttribute("vtkMRMLSegmentationNode", "Mine", "1")
    slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "other")
    assert node.GetSegmentationNode() is None
    mine = slicer.vtkMRMLSegmentationNode()
    mine.SetAttribute("Mine", "1")
    slicer.mrmlScene.AddNode(mine)
    assert node.GetSegmentationNode() is mine


def test_parameters_are_stored_in_the_node(slicer, volume):
    from CausalCLIPSegModule.parameters import Parameters

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode")
    first, note = Parameters(node), 'a "note" | with ~ signs\nand lines'
    values = (first.threshold, first.laterality, first.compare, first.note, first.image)
    assert values == (0.5, "patient", False, "", None)
    first.threshold, first.note, first.image, first.compare = 0.25, note, volume, True
    second = Parameters(node)
    assert (second.threshold, second.note, second.compare) == (0.25, note, True)
    assert second.image is volume
    with pytest.raises(ValueError, match=r"0[.]99"):
        first.threshold = 1.5


def test_parameters_cache_a_node_while_the_scene_reports_its_removal(slicer, volume):
    from CausalCLIPSegModule.parameters import Parameters

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode")
    parameters = Parameters(node)
    parameters.image = volume
    images = []

    def on_removed(caller, event):
        images.append(parameters.image)
        node.Modified()
        images.append(parameters.image)

    slicer.mrmlScene.AddObserver(slicer.mrmlScene.NodeRemovedEvent, on_removed)
    slicer.mrmlScene.RemoveNode(volume)
    assert images == [volume, None]


def test_unexpected_dialog_fails(slicer):
    with pytest.raises(AssertionError, match="unexpected dialog"):
        slicer.util.confirmOkCancelDisplay("Really?")


@pytest.mark.parametrize(("children", "count"), [(True, 3), (False, 2)])
def test_node_list_contains_only_nodes_of_its_types(slicer, volume, children, count):
    selector = slicer.qMRMLNodeComboBox()
    selector.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    selector.noneEnabled = True
    selector.showChildNodeTypes = children
    selector.setMRMLScene(slicer.mrmlScene)
    selected = []
    selector.connect("currentNodeChanged(vtkMRMLNode*)", selected.append)
    selector.setCurrentNode(volume)
    slicer.mrmlScene.AddNewNodeByClass("vtkMRMLVectorVolumeNode", "photo")
    assert selector._object._box.count() == count
    slicer.mrmlScene.RemoveNode(volume)
    assert selected == [volume, None]
    assert selector.currentNode() is None


def test_panel_and_dicom_plugin_never_import_torch():
    """Run the panel, except for the worker, and the DICOM plugin in a new process."""
    script = f"""
import sys
sys.path[:0] = [{str(HERE)!r}]
import slicer_runtime
application = slicer_runtime.start([{str(EXTENSION / "CausalCLIPSeg")!r}, {str(EXTENSION / "CausalCLIPSegDICOM")!r}])
import CausalCLIPSeg, CausalCLIPSegDICOM, slicer
from CausalCLIPSegDICOMModule import exchange
from CausalCLIPSegLib import scene
from slicer_runtime.application import make_parent
widget = CausalCLIPSeg.CausalCLIPSegWidget(make_parent())
widget.setup()
widget.ui.sampleButton.click()
volume = widget.logic.parameters.image
slicer.dicomDatabase.insert({get_testdata_file("RG1_UNCR.dcm", download=False)!r})
volume.SetAttribute("DICOM.instanceUIDs", next(iter(slicer.dicomDatabase.files)))
node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")
node.SetNodeReferenceID(node.GetReferenceImageGeometryReferenceRole(), volume.GetID())
node.GetSegmentation().AddEmptySegment("one")
scene.set_mask(node, "one", volume, slicer.util.arrayFromVolume(volume)[0] > 9)
from pathlib import Path
path = exchange.writeSegmentation(node, Path(application.folder), "")
exchange.showSegmentation(exchange.readSegmentation(str(path)), volume, "again")
widget.cleanup()
application.close()
print([name for name in ("torch", "timm", "open_clip") if name in sys.modules])
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, timeout=240)
    assert run.stdout.splitlines()[-1:] == ["[]"], run.stderr


def test_array_from_volume_returns_the_values_that_were_set(slicer):
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "v")
    values = np.arange(12, dtype=np.int16).reshape(1, 3, 4)
    slicer.util.updateVolumeFromArray(node, values)
    assert np.array_equal(slicer.util.arrayFromVolume(node), values)

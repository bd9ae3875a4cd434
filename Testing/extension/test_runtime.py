"""The stand-in itself: PythonQt's manners, strictness, and what Slicer would not forgive."""

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


def test_signals_by_signature_and_by_name(slicer):
    import qt

    button, seen = qt.QPushButton("b"), []
    button.checkable = True
    button.connect("clicked()", lambda: seen.append("none"))
    button.connect("toggled(bool)", seen.append)
    button.clicked.connect(lambda checked: seen.append(("by name", checked)))
    button.click()
    assert seen == [True, "none", ("by name", True)]
    with pytest.raises(ValueError, match="no signal"):
        button.connect("klicked()", lambda: None)
    with pytest.raises(ValueError, match="Not a signal"):
        button.connect("clicked", lambda: None)


def test_no_signal_can_be_defined_in_python(slicer):
    import qt

    assert not hasattr(qt, "Signal")


@pytest.fixture
def editor(slicer, film):
    """An editor of two segments, "a" and "b", of four pixels each, that lie side by side."""
    segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    segmentation.SetReferenceImageGeometryParameterFromVolumeNode(film)
    for identifier, first in (("a", 10), ("b", 12)):
        segmentation.GetSegmentation().AddEmptySegment(identifier, identifier, (1, 0, 0))
        values = np.zeros((1, 64, 48), np.uint8)
        values[0, 10:12, first : first + 2] = 1
        slicer.util.updateSegmentBinaryLabelmapFromArray(values, segmentation, identifier, film)
    widget = slicer.qMRMLSegmentEditorWidget()
    widget.setMRMLScene(slicer.mrmlScene)
    widget.setMRMLSegmentEditorNode(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentEditorNode"))
    widget.setSegmentationNode(segmentation)
    widget.setSourceVolumeNode(film)
    yield widget
    widget.setMRMLScene(None)


def pixels(editor) -> dict[str, int]:
    import slicer

    node = editor.mrmlSegmentEditorNode()
    segmentation, volume = node.GetSegmentationNode(), node.GetSourceVolumeNode()
    return {
        name: int(slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, name, volume).sum())
        for name in segmentation.GetSegmentation().GetSegmentIDs()
    }


def test_segment_editor_wants_its_order(slicer, film):
    editor = slicer.qMRMLSegmentEditorWidget()
    segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    with pytest.raises(RuntimeError, match="scene"):
        editor.setMRMLSegmentEditorNode(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentEditorNode"))
    editor.setMRMLScene(slicer.mrmlScene)
    with pytest.raises(RuntimeError, match="segment editor node"):
        editor.setSegmentationNode(segmentation)
    with pytest.raises(RuntimeError, match="segmentation"):
        editor.setSourceVolumeNode(film)


@pytest.mark.parametrize(("mode", "left"), [("OverwriteAllSegments", 3), ("OverwriteNone", 4)])
def test_a_stroke_over_a_neighbour_obeys_the_overwrite_mode(slicer, editor, mode, left):
    editor.mrmlSegmentEditorNode().SetOverwriteMode(getattr(slicer.vtkMRMLSegmentEditorNode, mode))
    editor.setCurrentSegmentID("a")
    editor.setActiveEffectByName("Paint")
    assert editor.click_in_view(10, 12)
    assert pixels(editor) == {"a": 5, "b": left}


def test_undo_and_redo_are_slicers_own(editor):
    buttons = [editor._object.findChild(QtWidgets.QToolButton, name) for name in ("UndoButton", "RedoButton")]
    assert [one.isEnabled() for one in buttons] == [False, False]
    editor.setCurrentSegmentID("b")
    editor.setActiveEffectByName("Erase")
    editor.click_in_view(10, 12)
    assert pixels(editor) == {"a": 4, "b": 3}
    assert [one.isEnabled() for one in buttons] == [True, False]
    buttons[0].click()
    assert pixels(editor) == {"a": 4, "b": 4}
    assert [one.isEnabled() for one in buttons] == [False, True]
    buttons[1].click()
    assert pixels(editor) == {"a": 4, "b": 3}
    editor.undoEnabled = True
    assert [one.isEnabled() for one in buttons] == [False, False]


def test_views_are_heard_only_while_an_effect_is_active(editor):
    assert not editor.click_in_view(0, 0)
    editor.setActiveEffectByName("Paint")
    assert editor.click_in_view(0, 0)
    editor.setActiveEffect(None)
    assert not editor.click_in_view(1, 1)
    editor.setActiveEffectByName("Paint")
    editor.setSegmentationNode(None)
    assert editor.activeEffect() is None


def test_effects_are_shown_in_the_order_that_was_asked_for(editor):
    def shown() -> list[str]:
        grid = editor._object.findChild(QtWidgets.QFrame, "EffectsGroupBox").layout()
        return [grid.itemAt(number).widget().objectName() for number in range(grid.count())]

    assert len(shown()) == 15
    editor.setEffectNameOrder(["Erase", "Paint"])
    editor.unorderedEffectsVisible = False
    assert shown() == ["NULL", "Erase", "Paint"]
    with pytest.raises(RuntimeError, match="Pencil"):
        editor.setEffectNameOrder(["Pencil"])


def test_the_editors_own_list_takes_a_segmentation_that_it_may_show(slicer, editor):
    node = editor.mrmlSegmentEditorNode()
    slicer.mrmlScene.RemoveNode(node.GetSegmentationNode())
    assert node.GetSegmentationNode() is None
    editor.segmentationNodeSelectorAddAttribute("vtkMRMLSegmentationNode", "Mine", "1")
    slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "somebody's")
    assert node.GetSegmentationNode() is None
    mine = slicer.vtkMRMLSegmentationNode()
    mine.SetAttribute("Mine", "1")
    slicer.mrmlScene.AddNode(mine)
    assert node.GetSegmentationNode() is mine


def test_parameters_live_in_the_node(slicer, film):
    from CausalCLIPSegModule.parameters import Parameters

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode")
    one = Parameters(node)
    assert (one.threshold, one.laterality, one.compare, one.note, one.image) == (0.5, "patient", False, "", None)
    one.threshold, one.note, one.image, one.compare = 0.25, 'a "note" | with ~ signs\nand lines', film, True
    other = Parameters(node)
    assert (other.threshold, other.note, other.compare) == (0.25, 'a "note" | with ~ signs\nand lines', True)
    assert other.image is film
    with pytest.raises(ValueError, match=r"0[.]99"):
        one.threshold = 1.5


def test_parameters_still_have_a_node_while_the_scene_tells_that_it_is_gone(slicer, film):
    from CausalCLIPSegModule.parameters import Parameters

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode")
    one = Parameters(node)
    one.image = film
    seen = []

    def removed(caller, event):
        seen.append(one.image)
        node.Modified()
        seen.append(one.image)

    slicer.mrmlScene.AddObserver(slicer.mrmlScene.NodeRemovedEvent, removed)
    slicer.mrmlScene.RemoveNode(film)
    assert seen == [film, None]


def test_an_unexpected_dialog_fails(slicer):
    with pytest.raises(AssertionError, match="unexpected dialog"):
        slicer.util.confirmOkCancelDisplay("Really?")


@pytest.mark.parametrize(("children", "count"), [(True, 3), (False, 2)])
def test_node_lists_hold_the_classes_they_are_for(slicer, film, children, count):
    selector = slicer.qMRMLNodeComboBox()
    selector.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    selector.noneEnabled = True
    selector.showChildNodeTypes = children
    selector.setMRMLScene(slicer.mrmlScene)
    seen = []
    selector.connect("currentNodeChanged(vtkMRMLNode*)", seen.append)
    selector.setCurrentNode(film)
    slicer.mrmlScene.AddNewNodeByClass("vtkMRMLVectorVolumeNode", "photo")
    assert selector._object._box.count() == count
    slicer.mrmlScene.RemoveNode(film)
    assert seen == [film, None]
    assert selector.currentNode() is None


def test_no_torch_comes_into_slicers_process():
    """The panel with all that it does before and after a run, and the DICOM plugin, in a process of their own."""
    script = f"""
import sys
sys.path[:0] = [{str(HERE)!r}]
import slicer_runtime
application = slicer_runtime.start([{str(EXTENSION / "CausalCLIPSeg")!r}, {str(EXTENSION / "CausalCLIPSegDICOM")!r}])
import CausalCLIPSeg, CausalCLIPSegDICOM, slicer
from CausalCLIPSegDICOMModule import exchange
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
exchange.scene.set_mask(node, "one", volume, slicer.util.arrayFromVolume(volume)[0] > 9)
from pathlib import Path
path = exchange.writeSegmentation(node, Path(application.folder), "")
exchange.showSegmentation(exchange.readSegmentation(str(path)), volume, "again")
widget.cleanup()
application.close()
print([name for name in ("torch", "timm", "open_clip") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, timeout=240)
    assert done.stdout.splitlines()[-1:] == ["[]"], done.stderr


def test_a_volume_comes_as_it_was_written(slicer, tmp_path):
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "v")
    values = np.arange(12, dtype=np.int16).reshape(1, 3, 4)
    slicer.util.updateVolumeFromArray(node, values)
    assert np.array_equal(slicer.util.arrayFromVolume(node), values)

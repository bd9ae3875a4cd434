"""The stand-in itself: PythonQt's manners, strictness, and what Slicer would not forgive."""

from __future__ import annotations

import numpy as np
import pytest


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


def test_an_unexpected_dialog_fails(slicer):
    with pytest.raises(AssertionError, match="unexpected dialog"):
        slicer.util.confirmOkCancelDisplay("Really?")


def test_node_lists_hold_the_classes_they_are_for(slicer, film):
    selector = slicer.qMRMLNodeComboBox()
    selector.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    selector.noneEnabled = True
    selector.setMRMLScene(slicer.mrmlScene)
    seen = []
    selector.connect("currentNodeChanged(vtkMRMLNode*)", seen.append)
    selector.setCurrentNode(film)
    slicer.mrmlScene.AddNewNodeByClass("vtkMRMLVectorVolumeNode", "photo")
    assert selector._object._box.count() == 2
    slicer.mrmlScene.RemoveNode(film)
    assert seen == [film, None]
    assert selector.currentNode() is None


def test_a_volume_comes_as_it_was_written(slicer, tmp_path):
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "v")
    values = np.arange(12, dtype=np.int16).reshape(1, 3, 4)
    slicer.util.updateVolumeFromArray(node, values)
    assert np.array_equal(slicer.util.arrayFromVolume(node), values)

"""Corrections in the panel: threshold, segment editor, undo, and scenes that are saved, closed or changed."""

from __future__ import annotations

import json

import numpy as np
import pytest
from panel_driver import save_and_reopen

from CausalCLIPSegLib import scene

RIGHT = "Opacity, right lung"
LEFT = "Opacity, left lung"


def test_exports_a_correction_and_undo_restores_the_earlier_threshold(panel, tmp_path):
    panel.run("Right basal opacity.")
    assert "cm²" in panel.ui.resultLabel.text
    assert "%" not in panel.ui.resultLabel.text  # of the image: how it is collimated decides it
    (segment,) = panel.logic.segments
    panel.ui.thresholdSlider.value = 0.3
    lower = panel.area_fractions()[0]
    assert lower > segment["area_fraction"]
    assert f"{lower * 64 * 48 * 0.25 / 100:.1f} cm²" in panel.ui.resultLabel.text

    panel.editor.widget.paint(segment["id"], 0, 0)
    assert "corrected" in panel.ui.resultLabel.text
    panel.ui.thresholdSlider.value = 0.7
    assert "Corrected, so left as they are" in panel.ui.statusLabel.text
    corrected = panel.area_fractions()[0]
    assert corrected > lower
    panel.picture("result")

    panel.export("seg.nrrd", tmp_path / "out")
    document = json.loads((tmp_path / "out.seg.nrrd").read_text())
    assert document["note"] == "Right basal opacity."
    assert document["segments"][RIGHT] == [round(corrected * 64 * 48), True]
    assert "out.seg.nrrd" in panel.ui.statusLabel.text

    panel.editor.widget.undo()
    assert "corrected" not in panel.ui.resultLabel.text
    assert panel.area_fractions()[0] == lower
    assert panel.ui.thresholdSlider.value == 0.3
    assert panel.ui.statusLabel.text == ""


def test_undo_removes_a_painted_pixel(panel_with_result):
    panel = panel_with_result
    assert panel.editor.segments() == [RIGHT, LEFT]
    assert not panel.editor.child("UndoButton").isEnabled()
    before = panel.area_fractions()
    panel.editor.paint(0, 0, LEFT)
    after = panel.area_fractions()
    assert after[0] == before[0]
    assert after[1] == pytest.approx(before[1] + 1 / (64 * 48))
    assert panel.corrected() == [False, True]
    panel.ui.thresholdSlider.value = 0.3
    assert panel.area_fractions()[1] == after[1], "a corrected segment keeps its shape"
    assert panel.area_fractions()[0] > before[0]
    panel.picture("correcting")
    panel.editor.click("UndoButton")
    assert panel.corrected() == [False, False]
    assert "corrected" not in panel.ui.resultLabel.text
    panel.ui.thresholdSlider.value = 0.2
    assert panel.area_fractions()[1] > before[1], "after undo, the segment follows the threshold again"


def test_undo_restores_the_threshold_of_the_masks(panel_with_result):
    panel = panel_with_result
    original = panel.area_fractions()
    panel.editor.paint(0, 0, LEFT)
    panel.ui.thresholdSlider.value = 0.2
    assert panel.area_fractions()[0] > original[0]
    assert "Corrected, so left as they are" in panel.ui.statusLabel.text
    panel.editor.click("UndoButton")  # restores all segments as they were before the stroke
    assert panel.area_fractions() == original
    assert panel.corrected() == [False, False]
    assert panel.ui.thresholdSlider.value == 0.5
    assert panel.ui.statusLabel.text == ""
    panel.editor.click("RedoButton")
    assert panel.ui.thresholdSlider.value == pytest.approx(0.2)
    assert panel.area_fractions()[0] > original[0]
    panel.ui.thresholdSlider.value = 0.3
    assert "Outlined" not in panel.ui.resultLabel.text


def test_names_the_threshold_of_a_segment_that_differs_from_the_slider(panel_with_result):
    panel = panel_with_result
    volume, segmentation = panel.logic.resultVolume(), panel.logic.parameters.segmentation
    before = scene.read_mask(segmentation, "opacity_left", volume)
    panel.editor.paint(0, 0, LEFT)
    panel.ui.thresholdSlider.value = 0.2
    scene.set_mask(segmentation, "opacity_left", volume, before)  # as the network returned it, at 0.5
    assert panel.corrected() == [False, False]
    assert panel.ui.thresholdSlider.value == pytest.approx(0.2)
    assert panel.ui.resultLabel.text.count("outlined at a threshold of 0.50") == 1
    panel.ui.thresholdSlider.value = 0.3
    assert "outlined at a threshold" not in panel.ui.resultLabel.text


def test_correction_does_not_erase_the_other_segment(panel_with_result):
    panel = panel_with_result
    volume, segmentation = panel.logic.resultVolume(), panel.logic.parameters.segmentation
    left = scene.read_mask(segmentation, "opacity_left", volume)
    row, column = map(int, np.argwhere(left)[0])
    panel.editor.paint(row, column, RIGHT)
    assert scene.read_mask(segmentation, "opacity_right", volume)[row, column]
    assert np.array_equal(scene.read_mask(segmentation, "opacity_left", volume), left)


def test_offers_only_effects_for_one_slice(panel_with_result):
    editor = panel_with_result.editor
    panel_with_result.ui.correctSection.collapsed = False
    assert editor.child("Threshold").isVisible()
    hidden = (
        *("Grow from seeds", "Fill between slices", "Mask volume", "Hollow", "Margin", "Smoothing"),
        *("SegmentationNodeComboBox", "SourceVolumeNodeComboBox", "SwitchToSegmentationsButton", "Show3DButton"),
    )
    assert [name for name in hidden if editor.child(name).isVisible()] == []


@pytest.mark.parametrize("leave", ["module", "section", "run", "scene"])
def test_leaving_the_editor_deactivates_its_effect(panel_with_result, slicer, leave):
    panel, editor = panel_with_result, panel_with_result.editor
    editor.click("Paint")
    assert editor.effect == "Paint"
    if leave == "module":
        panel.widget.exit()
    elif leave == "section":
        panel.ui.correctSection.collapsed = True
    elif leave == "run":
        panel.run()
        assert panel.logic.parameters.segmentation is editor.widget.segmentationNode()
    else:
        slicer.mrmlScene.Clear(0)
        assert editor.widget.mrmlSegmentEditorNode().GetSegmentationNode() is None
        assert editor.segments() == []
    assert editor.effect == ""
    assert not editor.widget.click_in_view(0, 0)
    assert not editor.widget.Logic.CanUndo()


def test_corrects_the_next_result_after_the_scene_was_closed_with_an_active_effect(panel_with_result, slicer):
    panel = panel_with_result
    panel.editor.click("Paint")
    for remove_singletons in (0, 1):
        slicer.mrmlScene.Clear(remove_singletons)
        volume = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "another radiograph")
        slicer.util.updateVolumeFromArray(volume, np.arange(40 * 30, dtype=np.int16).reshape(1, 40, 30))
        panel.ui.imageSelector.setCurrentNode(volume)
        panel.run("Right basal opacity.")
        panel.editor.paint(0, 0)
        assert panel.corrected() == [True]


def test_editor_ignores_segmentations_of_other_modules(panel, slicer):
    other = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "other")
    other.GetSegmentation().AddEmptySegment("other")
    assert panel.editor.widget.mrmlSegmentEditorNode().GetSegmentationNode() is None
    panel.run("Right basal opacity.")
    assert panel.editor.segments() == [RIGHT]


def test_opens_the_result_in_the_segment_editor_module(panel_with_result, slicer, application):
    panel = panel_with_result
    panel.click("openEditorButton")
    assert application.selected[-1] == "SegmentEditor"
    node = slicer.modules.segmenteditor.editor.mrmlSegmentEditorNode()
    assert node.GetSegmentationNode() is panel.logic.parameters.segmentation
    assert node.GetSourceVolumeNode() is panel.logic.resultVolume()
    assert node.GetOverwriteMode() == node.OverwriteNone, "correcting a segment must not erase its neighbor"


def test_a_segment_that_is_added_by_hand_is_an_opacity(panel_with_result):
    panel = panel_with_result
    panel.editor.click("AddSegmentButton")
    segmentation = panel.logic.parameters.segmentation.GetSegmentation()
    segment = segmentation.GetSegment(segmentation.GetSegmentIDs()[-1])
    assert "112001^Opacity" in segment.GetTerminology()


def drag(slider, *values):
    """Drag the handle of the threshold over some values, without releasing it."""
    handle = slider._object._slider
    handle.setSliderDown(True)
    for value in values:
        handle.setValue(round((value - 0.01) / 0.01))
    return handle


def test_the_outline_follows_a_dragged_threshold_without_one_outline_for_each_step(panel_with_result, monkeypatch):
    panel = panel_with_result
    applied = []
    set_threshold = panel.logic.result.setThreshold
    monkeypatch.setattr(
        panel.logic.result, "setThreshold", lambda value: (applied.append(round(value, 2)), set_threshold(value))
    )
    handle = drag(panel.ui.thresholdSlider, 0.45, 0.4, 0.35, 0.3)
    assert applied == []
    panel.wait(lambda: applied == [0.3])
    drag(panel.ui.thresholdSlider, 0.25, 0.2)
    assert applied == [0.3]
    handle.setSliderDown(False)
    assert applied == [0.3, 0.2], "at once, when the mouse is released"
    panel.application.process(lambda: False, 0.3)
    assert applied == [0.3, 0.2]
    assert panel.ui.thresholdSlider.value == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("removed", "reason"),
    [("segmentation", "There is no result yet."), ("radiograph", "was removed from the scene")],
)
def test_does_not_show_what_another_module_has_removed(panel_with_result, slicer, removed, reason):
    panel, logic = panel_with_result, panel_with_result.logic
    panel.editor.click("Paint")
    slicer.mrmlScene.RemoveNode(logic.parameters.segmentation if removed == "segmentation" else logic.resultVolume())
    for name in ("exportButton", "thresholdSlider", "mapCombo", "segmentEditor", "openEditorButton"):
        assert not getattr(panel.ui, name).enabled, name
        assert reason in getattr(panel.ui, name).toolTip
    assert "%" not in panel.ui.resultLabel.text
    assert not panel.editor.widget.ViewsObserved


def test_saved_scene_restores_note_result_and_threshold(panel, slicer, tmp_path):
    panel.run("Right basal opacity.")
    panel.ui.thresholdSlider.value = 0.4
    result = panel.ui.resultLabel.text
    save_and_reopen(slicer, tmp_path)
    assert panel.ui.noteEdit.plainText == "Right basal opacity."
    assert panel.ui.resultLabel.text == result
    assert panel.ui.thresholdSlider.value == 0.4
    assert panel.ui.historyCombo.itemText(1) == "Right basal opacity."
    assert not panel.ui.mapCombo.enabled
    assert "not kept in a saved scene" in panel.ui.mapCombo.toolTip
    before = panel.area_fractions()[0]
    panel.ui.thresholdSlider.value = 0.2
    assert panel.area_fractions()[0] > before


def test_saved_scene_with_two_results_corrects_the_current_one(panel_with_result, slicer, tmp_path):
    panel, editor = panel_with_result, panel_with_result.editor
    panel.click("compareCheckBox")
    panel.run("Left basal opacity.")
    save_and_reopen(slicer, tmp_path)
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 2
    assert editor.segments() == [LEFT]
    node = editor.widget.mrmlSegmentEditorNode()
    assert node.GetSegmentationNode() is panel.logic.parameters.segmentation
    assert node.GetOverwriteMode() == slicer.vtkMRMLSegmentEditorNode.OverwriteNone
    editor.paint(0, 0)
    assert panel.corrected() == [True]

"""Whole ways through the panel by clicks and keys, with a process that speaks the worker's protocol."""

from __future__ import annotations

import json
import os
import signal

import numpy as np


def test_apply_says_why_it_cannot_be_used(open_panel, slicer):
    panel = open_panel()
    assert not panel.ui.applyButton.enabled
    assert "Select a radiograph first." in panel.ui.applyButton.toolTip
    panel.picture("empty")


def test_the_note_is_understood_with_both_sides_before_anything_runs(open_panel, film):
    panel = open_panel()
    panel.ui.imageSelector.setCurrentNode(film)
    assert "Write or paste a note first." in panel.ui.applyButton.toolTip
    panel.write("Consolidation in the right lower zone. No effusion.")
    shown = panel.ui.understoodLabel.text
    assert "Patient's right" in shown
    assert "left in the picture" in shown
    assert "lower zone" in shown
    assert "effusion" in shown
    assert "absent" in shown
    assert panel.ui.applyButton.enabled
    assert panel.logic.parameters.segmentation is None
    panel.picture("understood")


def test_a_note_without_a_finding_is_not_run(open_panel, film):
    panel = open_panel()
    panel.ui.imageSelector.setCurrentNode(film)
    panel.write("Lungs are clear.")
    assert "Nothing to outline." in panel.ui.understoodLabel.text
    assert not panel.ui.applyButton.enabled
    assert "nothing that can be outlined" in panel.ui.applyButton.toolTip


def test_control_and_return_runs_and_return_alone_does_not(open_panel, film):
    panel = open_panel()
    panel.ui.imageSelector.setCurrentNode(film)
    panel.write("Right basal opacity.")
    panel.press(control=True)
    panel.wait(lambda: panel.logic.running is None and panel.logic.parameters.segmentation is not None)
    assert "Opacity, right lung" in panel.ui.resultLabel.text
    panel.write("Left basal opacity.")
    before = panel.logic.parameters.segmentation
    panel.press()
    assert panel.logic.running is None
    assert panel.logic.parameters.segmentation is before


def test_threshold_correction_undo_and_export(open_panel, film, tmp_path, application):
    panel = open_panel()
    panel.ui.imageSelector.setCurrentNode(film)
    panel.write("Right basal opacity.")
    panel.run()
    assert "mm²" in panel.ui.resultLabel.text
    assert "% of the image" in panel.ui.resultLabel.text
    (segment,) = panel.logic.segments
    first = segment["area_fraction"]
    panel.ui.thresholdSlider.value = 0.3
    assert panel.logic.segments[0]["area_fraction"] > first
    assert f"{100 * panel.logic.segments[0]['area_fraction']:.1f} %" in panel.ui.resultLabel.text
    rethresholded = panel.logic.segments[0]["area_fraction"]

    panel.ui.segmentEditor._object.paint(segment["id"], 0, 0)
    assert "corrected" in panel.ui.resultLabel.text
    panel.ui.thresholdSlider.value = 0.7
    assert "Corrected, so left as they are" in panel.ui.statusLabel.text
    assert panel.logic.segments[0]["area_fraction"] > rethresholded
    panel.picture("result")

    panel.ui.exportCombo.currentIndex = 2
    application.dialogs.answers.append(tmp_path / "out")
    panel.click("exportButton")
    panel.wait(lambda: panel.logic.exporting is None)
    written = json.loads((tmp_path / "out.seg.nrrd").read_text())
    assert written["note"] == "Right basal opacity."
    pixels, corrected = written["segments"]["Opacity, right lung"]
    assert corrected
    assert pixels == round(panel.logic.segments[0]["area_fraction"] * 64 * 48)
    assert "out.seg.nrrd" in panel.ui.statusLabel.text

    panel.ui.segmentEditor._object.undo()
    assert "corrected" not in panel.ui.resultLabel.text
    assert panel.logic.segments[0]["area_fraction"] == rethresholded


def test_no_dicom_seg_of_a_film_without_a_header_and_the_panel_says_so(open_panel, film):
    panel = open_panel()
    panel.ui.imageSelector.setCurrentNode(film)
    panel.write("Right basal opacity.")
    panel.run()
    panel.ui.exportCombo.currentIndex = 0
    assert not panel.ui.exportButton.enabled
    assert "no DICOM header" in panel.ui.exportButton.toolTip
    panel.ui.exportCombo.currentIndex = 3
    assert panel.ui.exportButton.enabled


def test_cancel_in_mid_run_changes_nothing(open_panel, film, slicer):
    panel = open_panel()
    panel.ui.imageSelector.setCurrentNode(film)
    panel.write("slow right basal opacity")
    nodes = slicer.mrmlScene.GetNumberOfNodes()
    panel.click("applyButton")
    panel.wait(lambda: "Looking at the film" in panel.ui.statusLabel.text)
    assert panel.ui.applyButton.text == "Cancel"
    assert not panel.ui.noteEdit.enabled
    assert "Not during a run." in panel.ui.noteEdit.toolTip
    panel.picture("running")
    panel.click("applyButton")
    panel.wait(lambda: panel.logic.running is None)
    assert "Canceled" in panel.ui.statusLabel.text
    assert panel.ui.applyButton.text == "Apply"
    assert panel.logic.parameters.segmentation is None
    assert slicer.mrmlScene.GetNumberOfNodes() == nodes


def test_worker_that_crashes_is_told_and_starts_again(open_panel, film):
    panel = open_panel()
    panel.ui.imageSelector.setCurrentNode(film)
    panel.write("crash right basal opacity")
    panel.run()
    assert "ended unexpectedly" in panel.ui.statusLabel.text
    assert "Press Apply" in panel.ui.statusLabel.text
    panel.picture("error")
    panel.write("Left basal opacity.")
    panel.run()
    assert "Opacity, left lung" in panel.ui.resultLabel.text
    assert "unexpectedly" not in panel.ui.statusLabel.text


def test_worker_that_is_killed_from_outside_is_told(open_panel, film):
    panel = open_panel()
    panel.ui.imageSelector.setCurrentNode(film)
    panel.write("slow right basal opacity")
    panel.click("applyButton")
    panel.wait(lambda: "Looking" in panel.ui.statusLabel.text)
    os.kill(panel.logic.worker.pid, signal.SIGKILL)
    panel.wait(lambda: panel.logic.running is None)
    assert "ended unexpectedly" in panel.ui.statusLabel.text
    assert panel.ui.applyButton.enabled  # it can be started again


def test_scene_closed_in_mid_run_leaves_nothing(open_panel, film, slicer):
    panel = open_panel()
    panel.ui.imageSelector.setCurrentNode(film)
    panel.write("slow right basal opacity")
    panel.click("applyButton")
    panel.wait(lambda: "Looking" in panel.ui.statusLabel.text)
    slicer.mrmlScene.Clear(0)
    panel.wait(lambda: panel.logic.worker.state == "ready")
    assert panel.logic.running is None
    assert panel.ui.applyButton.text == "Apply"
    assert panel.ui.noteEdit.plainText == ""
    assert panel.ui.statusLabel.text == ""
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 0
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLVolumeNode") == 0


def test_two_runs_leave_one_result_but_keep_what_a_person_corrected(open_panel, film, slicer):
    panel = open_panel()
    panel.ui.imageSelector.setCurrentNode(film)
    panel.write("Right basal opacity.")
    panel.run()
    nodes = slicer.mrmlScene.GetNumberOfNodes()
    panel.run()
    assert slicer.mrmlScene.GetNumberOfNodes() == nodes
    panel.ui.segmentEditor._object.paint(panel.logic.segments[0]["id"], 0, 0)
    corrected = panel.logic.parameters.segmentation
    panel.run()
    assert slicer.mrmlScene.IsNodePresent(corrected)
    assert panel.logic.parameters.segmentation is not corrected
    assert "stays in the scene" in panel.ui.statusLabel.text


def test_what_if_shows_two_notes_side_by_side(open_panel, film, slicer):
    panel = open_panel()
    panel.ui.imageSelector.setCurrentNode(film)
    panel.write("Right basal opacity.")
    panel.run()
    first = panel.logic.parameters.segmentation
    panel.click("compareCheckBox")
    panel.write("Left basal opacity.")
    panel.run()
    second = panel.logic.parameters.segmentation
    assert slicer.mrmlScene.IsNodePresent(first)
    assert second is not first
    assert first.GetDisplayNode().GetViewNodeIDs() == ("vtkMRMLSliceNodeRed",)
    assert second.GetDisplayNode().GetViewNodeIDs() == ("vtkMRMLSliceNodeYellow",)
    assert slicer.app.layoutManager().layout == slicer.vtkMRMLLayoutNode.SlicerLayoutSideBySideView


def test_overlays_come_and_go(open_panel, film, slicer):
    panel = open_panel()
    panel.ui.imageSelector.setCurrentNode(film)
    panel.write("Right basal opacity.")
    panel.run()
    composite = slicer.mrmlScene.GetNodeByID("vtkMRMLSliceCompositeNodeRed")
    panel.click("causalCheckBox")
    assert slicer.mrmlScene.GetNodeByID(composite.GetForegroundVolumeID()).GetName() == "Causal attention"
    panel.click("confounderCheckBox")
    assert not panel.ui.causalCheckBox.checked
    assert slicer.mrmlScene.GetNodeByID(composite.GetForegroundVolumeID()).GetName() == "Confounder map"
    panel.click("confounderCheckBox")
    assert composite.GetForegroundVolumeID() is None


def test_saved_scene_comes_back_with_note_result_and_threshold(open_panel, film, slicer, tmp_path):
    panel = open_panel()
    panel.ui.imageSelector.setCurrentNode(film)
    panel.write("Right basal opacity.")
    panel.run()
    panel.ui.thresholdSlider.value = 0.4
    shown = panel.ui.resultLabel.text
    path = tmp_path / "scene.mrb"
    assert slicer.mrmlScene.WriteToMRB(str(path))
    slicer.mrmlScene.Clear(0)
    assert panel.ui.noteEdit.plainText == ""
    (tmp_path / "unpacked").mkdir()
    slicer.mrmlScene.SetRootDirectory(str(tmp_path / "unpacked"))
    assert slicer.mrmlScene.ReadFromMRB(str(path), True)
    assert panel.ui.noteEdit.plainText == "Right basal opacity."
    assert panel.ui.resultLabel.text == shown
    assert panel.ui.thresholdSlider.value == 0.4
    assert panel.ui.historyCombo.itemText(1) == "Right basal opacity."
    assert not panel.ui.causalCheckBox.enabled
    assert "not kept in a saved scene" in panel.ui.causalCheckBox.toolTip
    area = panel.logic.segments[0]["area_fraction"]
    panel.ui.thresholdSlider.value = 0.2
    assert panel.logic.segments[0]["area_fraction"] > area


def test_a_warning_of_the_run_stays_with_the_result(open_panel, film):
    panel = open_panel()
    panel.ui.imageSelector.setCurrentNode(film)
    panel.write("memory Right basal opacity.")
    panel.run()
    assert "Too little memory" in panel.ui.resultLabel.text


def test_reload_leaves_no_process_no_timer_no_node(open_panel, film, slicer, application):
    panel = open_panel()
    panel.ui.imageSelector.setCurrentNode(film)
    panel.write("Right basal opacity.")
    panel.run()
    pid = panel.logic.worker.pid
    folder = panel.logic._folder
    panel.widget.cleanup()
    assert not folder.exists()
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentEditorNode") == 0
    try:
        os.kill(pid, 0)
        raise AssertionError("the worker is still there")
    except ProcessLookupError:
        pass
    again = open_panel()
    assert again.ui.noteEdit.plainText == "Right basal opacity."
    assert "Opacity, right lung" in again.ui.resultLabel.text


def test_colored_and_deep_volumes(open_panel, slicer):
    panel = open_panel()
    deep = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "CT")
    slicer.util.updateVolumeFromArray(deep, np.zeros((5, 8, 8), np.int16))
    panel.ui.imageSelector.setCurrentNode(deep)
    assert "several slices" in panel.ui.applyButton.toolTip
    color = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLVectorVolumeNode", "photo")
    slicer.util.updateVolumeFromArray(color, np.full((1, 32, 24, 3), 90, np.uint8))
    panel.ui.imageSelector.setCurrentNode(color)
    panel.write("Right basal opacity.")
    panel.run()
    assert "not calibrated" in panel.ui.resultLabel.text

"""Whole ways through the panel by clicks and keys, with a process that speaks the worker's protocol."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import vtk
from PySide6 import QtCore, QtGui, QtTest, QtWidgets

from CausalCLIPSegLib import scene


class Editor:
    """The segment editor in the panel, as a person uses it."""

    def __init__(self, panel) -> None:
        self.widget = panel.ui.segmentEditor._object

    def child(self, name: str):
        return self.widget.findChild(QtWidgets.QWidget, name)

    def click(self, name: str) -> None:
        button = self.child(name)
        assert button.isVisible(), name
        assert button.isEnabled(), name
        QtTest.QTest.mouseClick(button, QtCore.Qt.MouseButton.LeftButton)

    def choose(self, segment: str) -> None:
        table = self.child("SegmentsTableView")
        (item,) = table.findItems(segment, QtCore.Qt.MatchFlag.MatchExactly)
        table.setCurrentItem(item)

    def shown(self) -> list[str]:
        table = self.child("SegmentsTableView")
        return [table.item(row, 0).text() for row in range(table.rowCount())]

    @property
    def effect(self) -> str:
        active = self.widget.activeEffect()
        return "" if active is None else active.name


@pytest.fixture
def panel_after_a_run(open_panel, film):
    """A panel with the result of a note that names both sides."""
    panel = open_panel()
    panel.ui.imageSelector.setCurrentNode(film)
    panel.write("Bibasal opacities.")
    panel.run()
    assert len(panel.logic.segments) == 2
    return panel


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


@pytest.mark.parametrize("with_keys", [True, False])
def test_a_press_right_after_the_last_word_runs_what_was_typed(open_panel, film, with_keys):
    panel = open_panel()
    panel.ui.imageSelector.setCurrentNode(film)
    panel.write("Left basal opacity.")
    panel.type("Right basal opacity.")
    panel.press(control=True) if with_keys else panel.click("applyButton")
    assert panel.logic.running is None
    assert panel.ui.statusLabel.text == "The note is being read; the run begins then."
    panel.wait(lambda: panel.logic.parameters.segmentation is not None)
    assert "Opacity, right lung" in panel.ui.resultLabel.text
    assert "left lung" not in panel.ui.resultLabel.text


def test_a_press_right_after_the_last_word_runs_nothing_that_has_to_be_asked(open_panel, film):
    panel = open_panel()
    panel.ui.imageSelector.setCurrentNode(film)
    panel.type("Findings: Opacity in the right lower zone. Impression: Opacity in the left lower zone.")
    panel.press(control=True)
    panel.wait(lambda: panel.logic.understood is not None)
    assert panel.logic.running is None
    assert panel.ui.statusLabel.text == ""
    assert "Choose a side first" in panel.ui.applyButton.toolTip


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
    assert panel.ui.thresholdSlider.value == 0.3
    assert panel.ui.statusLabel.text == ""


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
    assert panel.ui.logSection.collapsed
    panel.wait(lambda: re.fullmatch(r"Looking at the radiograph - \d+ s", panel.ui.statusLabel.text))
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


def test_what_if_shows_two_notes_side_by_side(open_panel, film, slicer, application):
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
    assert application.fitted == {"Red": (0, 0, 1), "Yellow": (0, 0, 1)}  # both onto the film, none from its side

    panel.click("compareCheckBox")
    panel.write("Bibasal opacities.")
    panel.run()
    assert slicer.util.getNodesByClass("vtkMRMLSegmentationNode") == [panel.logic.parameters.segmentation]


def test_a_corrected_result_that_was_kept_for_comparison_stays(panel_after_a_run, slicer):
    panel, editor = panel_after_a_run, Editor(panel_after_a_run)
    corrected = panel.logic.parameters.segmentation
    editor.click("Paint")
    assert editor.widget.click_in_view(0, 0)
    panel.click("compareCheckBox")
    panel.run()
    panel.click("compareCheckBox")
    panel.run()
    left = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
    assert left == [corrected, panel.logic.parameters.segmentation]


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


def test_an_overlay_that_a_person_removed_is_not_removed_again(open_panel, film, slicer):
    panel = open_panel()
    panel.ui.imageSelector.setCurrentNode(film)
    panel.write("Right basal opacity.")
    panel.run()
    panel.click("causalCheckBox")
    removed: list[str] = []

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def hear(caller, event, node):
        removed.append(node.GetName())

    slicer.mrmlScene.AddObserver(slicer.vtkMRMLScene.NodeRemovedEvent, hear)
    slicer.mrmlScene.RemoveNode(slicer.util.getNode("Causal attention"))
    panel.run()
    assert removed.count("Causal attention") == 1
    assert removed.count("Probability") == 1  # that of the result before


def test_saved_scene_comes_back_with_note_result_and_threshold(open_panel, film, slicer, tmp_path):
    panel = open_panel()
    panel.ui.imageSelector.setCurrentNode(film)
    panel.write("Right basal opacity.")
    panel.run()
    panel.ui.thresholdSlider.value = 0.4
    shown = panel.ui.resultLabel.text
    save_and_reopen(slicer, tmp_path)
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
    folder = panel.logic.session._folder
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


def test_slicers_reload_button_loads_all_files_of_the_module(open_panel, slicer, monkeypatch):
    panel = open_panel()
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    before = set(sys.modules)
    asked: list[tuple[str, set[str]]] = []
    reload = lambda name: asked.append((name, before - set(sys.modules)))  # noqa: E731
    monkeypatch.setattr(slicer.util, "reloadScriptedModule", reload, raising=False)
    panel.widget.onReload()
    ((name, forgotten),) = asked
    assert name == "CausalCLIPSeg"
    assert {one for one in before if one.split(".")[0] == "CausalCLIPSegModule"} == forgotten
    assert "CausalCLIPSegModule.logic" in forgotten


def test_the_only_film_of_the_scene_is_taken_and_no_map_of_a_result(open_panel, film, slicer):
    panel = open_panel()
    slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "empty")
    assert panel.ui.imageSelector.currentNode() is None
    panel.widget.enter()
    assert panel.ui.imageSelector.currentNode() is film
    panel.write("Right basal opacity.")
    panel.run()
    panel.ui.imageSelector.setCurrentNode(panel.logic.parameters.probability)
    assert "map of a result" in panel.ui.applyButton.toolTip
    panel.ui.imageSelector.setCurrentNode(None)
    panel.widget.enter()
    assert panel.ui.imageSelector.currentNode() is film
    other = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "other")
    slicer.util.updateVolumeFromArray(other, np.zeros((1, 8, 8), np.int16))
    panel.ui.imageSelector.setCurrentNode(None)
    panel.widget.enter()
    assert panel.ui.imageSelector.currentNode() is None  # which of the two is for the person to say


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


# -- correction -------------------------------------------------------------------------------------------------------


def test_a_pixel_is_painted_and_taken_back_in_the_panel(panel_after_a_run):
    panel, editor = panel_after_a_run, Editor(panel_after_a_run)
    assert editor.shown() == ["Opacity, right lung", "Opacity, left lung"]
    assert not editor.child("UndoButton").isEnabled()
    editor.choose("Opacity, left lung")
    editor.click("Paint")
    before = [one["area_fraction"] for one in panel.logic.segments]
    assert editor.widget.click_in_view(0, 0)
    after = [one["area_fraction"] for one in panel.logic.segments]
    assert after[0] == before[0]
    assert after[1] == pytest.approx(before[1] + 1 / (64 * 48))
    assert [one["corrected"] for one in panel.logic.segments] == [False, True]
    panel.ui.thresholdSlider.value = 0.3
    assert panel.logic.segments[1]["area_fraction"] == after[1], "a corrected segment keeps its shape"
    assert panel.logic.segments[0]["area_fraction"] > before[0]
    panel.picture("correcting")
    editor.click("UndoButton")
    assert not any(one["corrected"] for one in panel.logic.segments)
    assert "corrected" not in panel.ui.resultLabel.text
    panel.ui.thresholdSlider.value = 0.2
    assert panel.logic.segments[1]["area_fraction"] > before[1], "what was taken back follows the threshold again"


def test_undo_takes_the_threshold_along_that_the_outline_came_with(panel_after_a_run, application, tmp_path):
    panel, editor = panel_after_a_run, Editor(panel_after_a_run)
    at_half = [one["area_fraction"] for one in panel.logic.segments]
    editor.choose("Opacity, left lung")
    editor.click("Paint")
    assert editor.widget.click_in_view(0, 0)
    panel.ui.thresholdSlider.value = 0.2
    assert panel.logic.segments[0]["area_fraction"] > at_half[0]
    assert "Corrected, so left as they are" in panel.ui.statusLabel.text
    editor.click("UndoButton")  # also the other segment is what it was before the stroke
    assert [one["area_fraction"] for one in panel.logic.segments] == at_half
    assert not any(one["corrected"] for one in panel.logic.segments)
    assert panel.ui.thresholdSlider.value == 0.5
    assert panel.ui.statusLabel.text == ""
    editor.click("RedoButton")
    assert panel.ui.thresholdSlider.value == pytest.approx(0.2)
    assert panel.logic.segments[0]["area_fraction"] > at_half[0]
    panel.ui.thresholdSlider.value = 0.3
    assert "Outlined" not in panel.ui.resultLabel.text


def test_a_segment_of_another_threshold_than_the_sliders_says_so(panel_after_a_run):
    panel, editor = panel_after_a_run, Editor(panel_after_a_run)
    left = "opacity_left"
    volume, segmentation = panel.logic.resultVolume(), panel.logic.parameters.segmentation
    before = scene.read_mask(segmentation, left, volume)
    editor.choose("Opacity, left lung")
    editor.click("Paint")
    assert editor.widget.click_in_view(0, 0)
    panel.ui.thresholdSlider.value = 0.2
    # taken back by hand: as the network had it, at another threshold
    scene.set_mask(segmentation, left, volume, before)
    assert not any(one["corrected"] for one in panel.logic.segments)
    assert panel.ui.thresholdSlider.value == pytest.approx(0.2)
    assert panel.ui.resultLabel.text.count("outlined from 0.50 on") == 1
    panel.ui.thresholdSlider.value = 0.3
    assert "outlined from" not in panel.ui.resultLabel.text


def test_a_correction_never_erases_its_neighbour(panel_after_a_run):
    panel, editor = panel_after_a_run, Editor(panel_after_a_run)
    volume, segmentation = panel.logic.resultVolume(), panel.logic.parameters.segmentation
    left = scene.read_mask(segmentation, "opacity_left", volume)
    row, column = np.argwhere(left)[0]
    editor.choose("Opacity, right lung")
    editor.click("Paint")
    assert editor.widget.click_in_view(int(row), int(column))
    assert scene.read_mask(segmentation, "opacity_right", volume)[row, column]
    assert np.array_equal(scene.read_mask(segmentation, "opacity_left", volume), left)


def test_only_effects_for_one_slice_are_offered(panel_after_a_run):
    editor = Editor(panel_after_a_run)
    assert editor.child("Threshold").isVisible()
    for name in ("Grow from seeds", "Fill between slices", "Mask volume", "Hollow"):
        assert not editor.child(name).isVisible()
    for name in (
        "SegmentationNodeComboBox",
        "SourceVolumeNodeComboBox",
        "SwitchToSegmentationsButton",
        "Show3DButton",
    ):
        assert not editor.child(name).isVisible()


@pytest.mark.parametrize("leave", ["module", "section", "run", "scene"])
def test_no_effect_stays_active_behind_the_panel(panel_after_a_run, slicer, leave):
    panel, editor = panel_after_a_run, Editor(panel_after_a_run)
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
        assert editor.shown() == []
    assert editor.effect == ""
    assert not editor.widget.click_in_view(0, 0)
    assert not editor.widget.Logic.CanUndo()


def test_the_scene_goes_while_an_effect_is_active_and_the_next_result_can_be_corrected(panel_after_a_run, slicer):
    panel, editor = panel_after_a_run, Editor(panel_after_a_run)
    editor.click("Paint")
    for remove_singletons in (0, 1):
        slicer.mrmlScene.Clear(remove_singletons)
        film = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "another film")
        slicer.util.updateVolumeFromArray(film, np.arange(40 * 30, dtype=np.int16).reshape(1, 40, 30))
        panel.ui.imageSelector.setCurrentNode(film)
        panel.write("Right basal opacity.")
        panel.run()
        editor.click("Paint")
        assert editor.widget.click_in_view(0, 0)
        assert panel.logic.segments[0]["corrected"]


def test_a_segmentation_of_somebody_else_is_not_taken(open_panel, film, slicer):
    panel = open_panel()
    editor = Editor(panel)
    theirs = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "somebody's")
    theirs.GetSegmentation().AddEmptySegment("theirs")
    assert editor.widget.mrmlSegmentEditorNode().GetSegmentationNode() is None
    panel.ui.imageSelector.setCurrentNode(film)
    panel.write("Right basal opacity.")
    panel.run()
    assert editor.shown() == ["Opacity, right lung"]


def test_the_editor_goes_on_in_its_own_module(panel_after_a_run, slicer, application):
    panel = panel_after_a_run
    panel.click("openEditorButton")
    assert application.selected[-1] == "SegmentEditor"
    node = slicer.modules.segmenteditor.editor.mrmlSegmentEditorNode()
    assert node.GetSegmentationNode() is panel.logic.parameters.segmentation
    assert node.GetSourceVolumeNode() is panel.logic.resultVolume()


@pytest.mark.parametrize("gone", ["segmentation", "film"])
def test_what_another_module_removes_is_no_longer_shown(panel_after_a_run, slicer, gone):
    panel, editor = panel_after_a_run, Editor(panel_after_a_run)
    editor.click("Paint")
    slicer.mrmlScene.RemoveNode(
        panel.logic.parameters.segmentation if gone == "segmentation" else panel.logic.resultVolume()
    )
    reason = "There is no result yet." if gone == "segmentation" else "was removed from the scene"
    for name in ("exportButton", "thresholdSlider", "causalCheckBox", "segmentEditor", "openEditorButton"):
        assert not getattr(panel.ui, name).enabled, name
        assert reason in getattr(panel.ui, name).toolTip
    assert "%" not in panel.ui.resultLabel.text
    assert not editor.widget.ViewsObserved


def test_two_results_are_saved_and_the_right_one_is_corrected(panel_after_a_run, slicer, tmp_path):
    panel, editor = panel_after_a_run, Editor(panel_after_a_run)
    panel.click("compareCheckBox")
    panel.write("Left basal opacity.")
    panel.run()
    save_and_reopen(slicer, tmp_path)
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 2
    assert editor.shown() == ["Opacity, left lung"]
    assert editor.widget.mrmlSegmentEditorNode().GetSegmentationNode() is panel.logic.parameters.segmentation
    assert editor.widget.mrmlSegmentEditorNode().GetOverwriteMode() == slicer.vtkMRMLSegmentEditorNode.OverwriteNone
    editor.click("Paint")
    assert editor.widget.click_in_view(0, 0)
    assert panel.logic.segments[0]["corrected"]


def save_and_reopen(slicer, folder) -> None:
    """Save the scene, close it, and open the file."""
    path = folder / "scene.mrb"
    assert slicer.mrmlScene.WriteToMRB(str(path))
    slicer.mrmlScene.Clear(0)
    (folder / "unpacked").mkdir()
    slicer.mrmlScene.SetRootDirectory(str(folder / "unpacked"))
    assert slicer.mrmlScene.ReadFromMRB(str(path), True)


# -- note and outline -------------------------------------------------------------------------------------------------


def test_where_note_and_outline_disagree_is_said_until_the_outline_is_changed(panel_after_a_run):
    panel = panel_after_a_run
    result = json.loads(panel.logic.parameters.resultJson)
    sentence = "The note says lower, the outline is <upper>."
    panel.logic.parameters.resultJson = json.dumps({**result, "disagreements": [sentence]})
    panel.logic.refresh()
    shown = "Compare: The note says lower, the outline is &lt;upper&gt;."
    assert shown in panel.ui.resultLabel.text
    panel.ui.thresholdSlider.value = 0.3
    assert shown not in panel.ui.resultLabel.text
    panel.ui.thresholdSlider.value = result["threshold"]
    assert shown in panel.ui.resultLabel.text
    panel.ui.segmentEditor._object.paint("opacity_left", 0, 0)
    assert shown not in panel.ui.resultLabel.text


# -- sample -----------------------------------------------------------------------------------------------------------


def test_the_sample_is_in_slicers_list_and_comes_without_the_internet(slicer, application, monkeypatch):
    import socket

    import CausalCLIPSeg

    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("something is fetched"))
    for _ in range(2):  # a reload of the module registers it once
        CausalCLIPSeg.CausalCLIPSeg(SimpleNamespace())
        slicer.app.complete_startup()
    (sample,) = slicer.modules.sampleDataSources["CausalCLIPSeg"]
    thumbnail = QtGui.QImage(sample.thumbnailFileName)
    assert (thumbnail.width(), thumbnail.height()) == (260, 280)
    sample.customDownloader(sample)
    (volume,) = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
    assert scene.image_shape(volume) == (1955, 1841)
    composite = slicer.mrmlScene.GetNodeByID("vtkMRMLSliceCompositeNodeRed")
    assert composite.GetBackgroundVolumeID() == volume.GetID()
    assert application.errors == []


def test_a_sample_that_is_not_there_is_said(open_panel, slicer, monkeypatch):
    panel = open_panel()
    monkeypatch.setattr("pydicom.data.get_testdata_file", lambda *_, **__: None)
    panel.click("sampleButton")
    assert "comes with the installation" in panel.ui.statusLabel.text
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLVolumeNode") == 0


# -- looks ------------------------------------------------------------------------------------------------------------

NARROW = 400


def test_nothing_is_cut_off_in_a_narrow_panel(panel_after_a_run, application):
    panel, editor = panel_after_a_run, Editor(panel_after_a_run)
    editor.click("Paint")
    for name in ("advancedSection", "logSection", "installationSection"):
        getattr(panel.ui, name).collapsed = False
    root = panel.widget.uiWidget._object
    assert root.minimumSizeHint().width() <= NARROW
    panel.parent.resize(NARROW + 20, 1500)
    panel.picture("narrow")
    kinds = (QtWidgets.QAbstractButton, QtWidgets.QLabel, QtWidgets.QComboBox)
    own = [one for one in root.findChildren(QtWidgets.QWidget) if isinstance(one, kinds) and one.isVisible()]
    assert len(own) > 30
    for one in own:
        assert one.width() >= one.minimumSizeHint().width(), one.objectName()
        assert one.height() >= one.minimumSizeHint().height() - 1, one.objectName()


def test_no_gap_opens_where_little_is_written(open_panel, film):
    panel = open_panel()
    panel.picture("short")
    label = panel.ui.understoodLabel._object
    assert label.height() <= max(label.heightForWidth(label.width()), label.minimumHeight()) + 2
    assert panel.ui.noteEdit._object.height() >= 64


def test_the_colors_are_those_of_the_desktop(panel_after_a_run, application):
    panel = panel_after_a_run
    assert not any(one.styleSheet() for one in panel.widget.uiWidget._object.findChildren(QtWidgets.QWidget))
    before = application.qt_application.palette()
    dark = QtGui.QPalette(QtGui.QColor(40, 40, 44), QtGui.QColor(24, 24, 26))
    application.qt_application.setPalette(dark)
    picture = QtGui.QImage(str(panel.picture("dark")))
    application.qt_application.setPalette(before)
    assert picture.pixelColor(3, 3).lightness() < 60


# -- Slicer's own test ------------------------------------------------------------------------------------------------


def test_the_self_test_runs(open_panel, slicer, monkeypatch):
    import CausalCLIPSeg

    panel = open_panel(command=None)
    entry = SimpleNamespace(widgetRepresentation=lambda: SimpleNamespace(self=lambda: panel.widget))
    monkeypatch.setattr(slicer.modules, "causalclipseg", entry, raising=False)
    CausalCLIPSeg.CausalCLIPSegTest().runTest()


# -- the whole way ----------------------------------------------------------------------------------------------------


def test_the_whole_way_with_the_real_worker(open_panel, slicer, application, tmp_path):
    panel = open_panel(command=None)
    editor = Editor(panel)
    panel.click("sampleButton")
    panel.wait(lambda: panel.logic.understood is not None)
    panel.press(control=True)
    panel.wait(lambda: panel.logic.parameters.segmentation is not None, 240)
    volume, segmentation = panel.logic.resultVolume(), panel.logic.parameters.segmentation
    panel.ui.thresholdSlider.value = 0.4
    right, left = panel.logic.segments
    assert json.loads(panel.logic.parameters.resultJson)["disagreements"] == []

    editor.choose(left["name"])
    editor.click("Paint")
    editor.widget.click_in_view(20, 30)
    editor.widget.click_in_view(21, 31)
    editor.click("UndoButton")
    editor.click("NULL")
    mask = scene.read_mask(segmentation, left["id"], volume)
    assert mask[20, 30]
    assert not mask[21, 31]
    assert [one["corrected"] for one in panel.logic.segments] == [False, True]

    application.dialogs.answers.append(tmp_path / "findings.seg.nrrd")
    panel.ui.exportCombo.currentIndex = 2
    panel.click("exportButton")
    panel.wait(lambda: panel.logic.exporting is None, 120)
    back = slicer.util.loadSegmentation(str(tmp_path / "findings.seg.nrrd"))
    found = {one["name"]: one for one in scene.describe_segments(back, volume)}
    assert set(found) == {right["name"], left["name"]}
    assert np.array_equal(found[left["name"]]["mask"], mask)
    for one in (right, left):
        assert found[one["name"]]["color"] == pytest.approx(one["color"], abs=0.01)
    slicer.mrmlScene.RemoveNode(back)

    shown = panel.ui.resultLabel.text
    save_and_reopen(slicer, tmp_path)
    assert panel.ui.resultLabel.text == shown
    assert panel.ui.thresholdSlider.value == 0.4
    assert editor.shown() == [right["name"], left["name"]]
    assert not editor.child("UndoButton").isEnabled()
    volume, segmentation = panel.logic.resultVolume(), panel.logic.parameters.segmentation
    assert np.array_equal(scene.read_mask(segmentation, left["id"], volume), mask)
    panel.ui.thresholdSlider.value = 0.6
    assert np.array_equal(scene.read_mask(segmentation, left["id"], volume), mask)
    assert panel.logic.segments[0]["area_fraction"] < right["area_fraction"]
    assert "Corrected, so left as they are" in panel.ui.statusLabel.text

"""Runs in the panel: when Apply is enabled, what it shows meanwhile and afterwards, and how it is canceled."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
import vtk
from PySide6 import QtCore

from CausalCLIPSegLib import maps

RIGHT = "Opacity, right lung"
LEFT = "Opacity, left lung"
CONTRADICTION = "Findings: Opacity in the right lower zone. Impression: Opacity in the left lower zone."


def test_apply_is_disabled_without_a_radiograph(open_panel, slicer):
    panel = open_panel()
    assert not panel.ui.applyButton.enabled
    assert "Select a radiograph first." in panel.ui.applyButton.toolTip
    panel.picture("empty")


def test_shows_how_the_note_is_understood_before_anything_runs(panel):
    assert "Write or paste a note first." in panel.ui.applyButton.toolTip
    panel.write("Consolidation in the right lower zone. No effusion.")
    understood = panel.ui.understoodLabel.text
    for text in ("Patient's right", "left in the picture", "lower zone"):
        assert text in understood
    assert panel.ui.unusedSection.text == "1 statement not used"
    assert panel.ui.unusedSection.collapsed
    for text in ("effusion", "absent"):
        assert text in panel.ui.unusedLabel.text
    panel.write("Consolidation in the right lower zone.")
    assert not panel.ui.unusedSection.visible
    panel.write("Consolidation in the right lower zone. No effusion. Blorb.")
    assert panel.ui.unusedSection.text == "2 statements not used"
    assert "Blorb. (not understood)" in panel.ui.unusedLabel.text
    assert panel.ui.applyButton.enabled
    assert panel.logic.parameters.segmentation is None
    panel.picture("understood")


def test_apply_is_disabled_for_a_note_without_a_finding(panel):
    panel.write("Lungs are clear.")
    assert "Nothing to outline." in panel.ui.understoodLabel.text
    assert not panel.ui.applyButton.enabled
    assert "nothing that can be outlined" in panel.ui.applyButton.toolTip


def test_ctrl_return_runs_and_return_does_not(panel):
    panel.write("Right basal opacity.")
    panel.press_return(control=True)
    panel.wait(lambda: panel.logic.running is None and panel.logic.parameters.segmentation is not None)
    assert RIGHT in panel.ui.resultLabel.text
    panel.write("Left basal opacity.")
    before = panel.logic.parameters.segmentation
    panel.press_return()
    assert panel.logic.running is None
    assert panel.logic.parameters.segmentation is before


@pytest.mark.parametrize("by_keys", [True, False])
def test_apply_right_after_typing_runs_the_new_note(panel, by_keys):
    panel.write("Left basal opacity.")
    panel.type("Right basal opacity.")
    panel.press_return(control=True) if by_keys else panel.click("applyButton")
    assert panel.logic.running is None
    assert panel.ui.statusLabel.text == "The note is being read; then the run begins."
    panel.wait(lambda: panel.logic.parameters.segmentation is not None)
    assert RIGHT in panel.ui.resultLabel.text
    assert "left lung" not in panel.ui.resultLabel.text


def test_apply_right_after_typing_does_not_run_a_contradiction(panel):
    panel.type(CONTRADICTION)
    panel.press_return(control=True)
    panel.wait(lambda: panel.logic.understood is not None)
    assert panel.logic.running is None
    assert panel.ui.statusLabel.text == ""
    assert "Choose a side first" in panel.ui.applyButton.toolTip


def test_cancel_during_a_run_changes_nothing(panel, slicer):
    panel.write("slow right basal opacity")
    nodes = slicer.mrmlScene.GetNumberOfNodes()
    panel.click("applyButton")
    assert panel.ui.logSection.collapsed
    panel.wait(lambda: re.fullmatch(r"Searching the radiograph - \d+ s", panel.ui.statusLabel.text))
    assert panel.ui.cancelButton.text == "Cancel"
    assert "Not during a run." in panel.ui.applyButton.toolTip
    assert not panel.ui.noteEdit.enabled
    assert "Not during a run." in panel.ui.noteEdit.toolTip
    panel.picture("running")
    panel.click("cancelButton")
    panel.wait(lambda: panel.logic.running is None)
    assert "Canceled" in panel.ui.statusLabel.text
    assert not panel.ui.cancelButton.visible
    assert panel.logic.parameters.segmentation is None
    assert slicer.mrmlScene.GetNumberOfNodes() == nodes


def test_a_double_click_on_apply_runs_once_and_does_not_cancel(panel):
    panel.write("Right basal opacity.")
    panel.double_click("applyButton")
    panel.wait(lambda: panel.logic.running is None)
    assert panel.logic.parameters.segmentation is not None
    assert "Canceled" not in panel.ui.statusLabel.text


def test_uses_the_chosen_checkpoint_and_device(panel):
    panel.write("Right basal opacity.")
    assert not panel.ui.checkpointCombo.visible, "there is nothing to choose from yet"
    panel.wait(lambda: panel.ui.checkpointCombo.count == 2)
    panel.ui.advancedSection.collapsed = False
    combo = panel.ui.checkpointCombo
    assert [combo.itemText(index) for index in range(2)] == ["The first network", "second"]
    assert combo.toolTip.endswith("Described on its card.")
    panel.run()
    assert json.loads(panel.logic.parameters.resultJson)["provenance"]["checkpoint"]["name"] == "default"
    panel.choose("checkpointCombo", "second")
    panel.choose("deviceCombo", "CUDA")
    panel.wait(lambda: panel.ui.applyButton.enabled)
    panel.run()
    assert "by second on cuda (PyTorch)." in panel.ui.statusLabel.text
    assert json.loads(panel.logic.parameters.resultJson)["provenance"]["checkpoint"]["name"] == "second"


def test_a_scene_keeps_its_checkpoint_even_if_it_is_not_installed_here(panel):
    panel.write("Right basal opacity.")
    panel.wait(lambda: panel.ui.checkpointCombo.count == 2)
    for name, shown, count in (("of another computer", "of another computer", 3), ("first", "The first network", 2)):
        panel.logic.setChoice("checkpoint", name)
        assert panel.ui.checkpointCombo.currentText == shown
        assert panel.ui.checkpointCombo.count == count


def test_a_mac_is_offered_no_cuda_and_a_scene_that_asks_for_it_runs_on_what_is_there(open_panel, monkeypatch):
    monkeypatch.setattr("sys.platform", "darwin")
    panel = open_panel(command=None)
    assert [panel.ui.deviceCombo.itemText(index) for index in range(panel.ui.deviceCombo.count)] == [
        "Automatic",
        "Processor (CPU)",
    ]
    panel.logic.parameters.device = "cuda"
    panel.widget._attach()
    assert panel.logic.parameters.device == "auto"
    assert panel.ui.deviceCombo.currentText == "Automatic"


def test_shows_the_checkpoint_of_a_saved_scene_that_is_not_available_here(panel):
    panel.logic.setChoice("checkpoint", "of another machine")
    assert panel.ui.checkpointCombo.currentText == "of another machine"


def test_shows_the_warning_of_a_run_with_its_result(panel):
    panel.run("memory Right basal opacity.")
    assert "too little free memory" in panel.ui.resultLabel.text


def test_shows_disagreements_until_the_mask_is_changed(panel_with_result):
    panel = panel_with_result
    result = json.loads(panel.logic.parameters.resultJson)
    disagreement = "The note says lower, the outline is <upper>."
    panel.logic.parameters.resultJson = json.dumps({**result, "disagreements": [disagreement]})
    panel.logic.refresh()
    line = "Compare: The note says lower, the outline is &lt;upper&gt;."
    assert line in panel.ui.resultLabel.text
    panel.ui.thresholdSlider.value = 0.3
    assert line not in panel.ui.resultLabel.text
    panel.ui.thresholdSlider.value = result["threshold"]
    assert line in panel.ui.resultLabel.text
    panel.editor.widget.paint("opacity_left", 0, 0)
    assert line not in panel.ui.resultLabel.text


def test_second_run_replaces_the_result_with_its_nodes(panel, slicer):
    panel.run("Right basal opacity.")
    nodes = slicer.mrmlScene.GetNumberOfNodes()
    panel.run("Left basal opacity.")
    assert LEFT in panel.ui.resultLabel.text
    assert RIGHT not in panel.ui.resultLabel.text
    assert slicer.mrmlScene.GetNumberOfNodes() == nodes
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 1
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationDisplayNode") == 1
    names = [node.GetName() for node in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")]
    assert [name.split("_")[0] for name in sorted(names)] == ["Probability", "radiograph"]


def test_second_run_keeps_a_corrected_result(panel, slicer):
    panel.run("Right basal opacity.")
    panel.editor.widget.paint(panel.logic.segments[0]["id"], 0, 0)
    corrected = panel.logic.parameters.segmentation
    panel.run()
    assert slicer.mrmlScene.IsNodePresent(corrected)
    assert panel.logic.parameters.segmentation is not corrected
    assert "stays in the scene" in panel.ui.statusLabel.text


def test_comparison_shows_two_results_side_by_side(panel, slicer, application):
    panel.run("Right basal opacity.")
    first = panel.logic.parameters.segmentation
    panel.click("compareCheckBox")
    panel.run("Left basal opacity.")
    second = panel.logic.parameters.segmentation
    assert slicer.mrmlScene.IsNodePresent(first)
    assert second is not first
    assert first.GetDisplayNode().GetViewNodeIDs() == ("vtkMRMLSliceNodeRed",)
    assert second.GetDisplayNode().GetViewNodeIDs() == ("vtkMRMLSliceNodeYellow",)
    assert slicer.app.layoutManager().layout == slicer.vtkMRMLLayoutNode.SlicerLayoutSideBySideView
    assert application.fitted == {"Red": (0, 0, 1), "Yellow": (0, 0, 1)}  # both views face the radiograph

    panel.click("compareCheckBox")
    panel.run("Bibasal opacities.")
    assert slicer.util.getNodesByClass("vtkMRMLSegmentationNode") == [panel.logic.parameters.segmentation]


def test_comparison_keeps_a_corrected_result(panel_with_result, slicer):
    panel = panel_with_result
    corrected = panel.logic.parameters.segmentation
    panel.editor.paint(0, 0)
    panel.click("compareCheckBox")
    panel.run()
    panel.click("compareCheckBox")
    panel.run()
    remaining = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
    assert remaining == [corrected, panel.logic.parameters.segmentation]


def test_shows_one_attention_map_at_a_time(panel_with_result, slicer):
    panel = panel_with_result
    composite = slicer.mrmlScene.GetNodeByID("vtkMRMLSliceCompositeNodeRed")
    panel.choose("mapCombo", "Causal attention")
    assert slicer.mrmlScene.GetNodeByID(composite.GetForegroundVolumeID()).GetName() == "Causal attention"
    panel.choose("mapCombo", "Confounder map")
    assert slicer.mrmlScene.GetNodeByID(composite.GetForegroundVolumeID()).GetName() == "Confounder map"
    panel.click("probabilityCheckBox")
    assert panel.ui.mapCombo.currentText == "None"
    panel.choose("mapCombo", "Patches of interest")
    assert not panel.ui.probabilityCheckBox.checked
    panel.choose("mapCombo", "None")
    assert composite.GetForegroundVolumeID() is None


def test_a_map_says_what_it_is_worth(panel_with_result):
    panel = panel_with_result
    general = panel.ui.mapCombo.toolTip
    panel.choose("mapCombo", "Patches of interest")
    assert panel.ui.mapCombo.toolTip == maps.KNOWN["patches_of_interest"].worth
    combo = panel.ui.mapCombo._object
    titles = [combo.itemText(index) for index in range(combo.count())]
    assert titles == ["None", *(maps.KNOWN[name].title for name in list(maps.KNOWN)[1:])]
    worths = [combo.itemData(index, QtCore.Qt.ItemDataRole.ToolTipRole) for index in range(1, combo.count())]
    assert worths == [maps.KNOWN[name].worth for name in list(maps.KNOWN)[1:]]
    panel.choose("mapCombo", "None")
    assert panel.ui.mapCombo.toolTip == general


def test_offers_a_map_of_a_newer_network_and_those_of_an_older_worker(panel_with_result):
    panel = panel_with_result
    result = json.loads(panel.logic.parameters.resultJson)
    newer = {**result["maps"][1], "name": "a_map_of_tomorrow", "title": "A map of tomorrow", "worth": "", "texts": {}}
    for maps_of_result, titles in (
        ([*result["maps"], newer], ["Causal attention", "Confounder map", "Patches of interest", "A map of tomorrow"]),
        ([{key: each[key] for key in ("name", "file")} for each in result["maps"][:2]], ["Causal attention"]),
        ([], ["Causal attention", "Confounder map"]),
    ):
        panel.logic.parameters.resultJson = json.dumps({**result, "maps": maps_of_result})
        panel.logic.changed.emit()
        combo = panel.ui.mapCombo
        assert [combo.itemText(index) for index in range(combo.count)] == ["None", *titles]
        panel.choose("mapCombo", titles[-1])
        assert panel.logic.result.overlay == maps_of_result[-1]["name"] if maps_of_result else "confounder_attention"
        panel.choose("mapCombo", "None")


def test_shows_the_words_that_the_network_weighs_with_their_shares(panel):
    panel.run("weighed <b>left</b> basal & opacity")
    text = panel.ui.resultLabel.text
    assert "Words that the network heard" in text
    assert re.findall(r">([^<]*)</span><sub>(\d+)&nbsp;%</sub>", text) == [
        ("weighed", "1"),
        ("basal", "3"),
        ("&amp;", "4"),
        ("opacity", "5"),
        ("pulmonary", "0"),
    ]
    assert "&lt;b&gt;left&lt;/b&gt;" in text, "markup of a note is text"
    grounds = [float(alpha) for alpha in re.findall(r"rgba\(\d+,\d+,\d+,([\d.]+)\)", text)]
    assert grounds[:4] == sorted(grounds[:4])
    assert "Only in the prompt, with its own left and right" in text
    assert maps.WORDS_WORTH.replace("'", "&#x27;") in text
    panel.run("Left basal opacity")
    assert "heard" not in panel.ui.resultLabel.text


def test_next_run_does_not_remove_a_map_that_the_user_removed(panel_with_result, slicer):
    panel = panel_with_result
    panel.choose("mapCombo", "Causal attention")
    removed: list[str] = []

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def on_removed(caller, event, node):
        removed.append(node.GetName())

    slicer.mrmlScene.AddObserver(slicer.vtkMRMLScene.NodeRemovedEvent, on_removed)
    slicer.mrmlScene.RemoveNode(slicer.util.getNode("Causal attention"))
    panel.run()
    assert removed.count("Causal attention") == 1
    assert removed.count("Probability") == 1  # of the previous result


def test_selects_the_only_radiograph_of_the_scene(open_panel, volume, slicer):
    panel = open_panel()
    slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "empty")
    assert panel.ui.imageSelector.currentNode() is None
    panel.widget.enter()
    assert panel.ui.imageSelector.currentNode() is volume
    panel.run("Right basal opacity.")
    panel.ui.imageSelector.setCurrentNode(panel.logic.parameters.probability)
    assert "map of a result" in panel.ui.applyButton.toolTip
    panel.ui.imageSelector.setCurrentNode(None)
    panel.widget.enter()
    assert panel.ui.imageSelector.currentNode() is volume
    other = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "other")
    slicer.util.updateVolumeFromArray(other, np.zeros((1, 8, 8), np.int16))
    panel.ui.imageSelector.setCurrentNode(None)
    panel.widget.enter()
    assert panel.ui.imageSelector.currentNode() is None  # the user has to choose between two


def test_rejects_a_volume_of_several_slices(panel, slicer):
    ct = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "CT")
    slicer.util.updateVolumeFromArray(ct, np.zeros((5, 8, 8), np.int16))
    panel.ui.imageSelector.setCurrentNode(ct)
    assert "several slices" in panel.ui.applyButton.toolTip


def test_runs_on_a_color_image(panel, slicer):
    photo = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLVectorVolumeNode", "photo")
    slicer.util.updateVolumeFromArray(photo, np.full((1, 32, 24, 3), 90, np.uint8))
    panel.ui.imageSelector.setCurrentNode(photo)
    panel.run("Right basal opacity.")
    assert "not calibrated" in panel.ui.resultLabel.text


def test_dicom_seg_needs_a_dicom_header(panel_with_result):
    panel = panel_with_result
    panel.ui.exportCombo.currentIndex = 0
    assert not panel.ui.exportButton.enabled
    assert "no DICOM header" in panel.ui.exportButton.toolTip
    panel.ui.exportCombo.currentIndex = 3
    assert panel.ui.exportButton.enabled

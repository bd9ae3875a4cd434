"""The output segmentation, the window presets, and what fits on a screen at the same time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6 import QtCore, QtWidgets
from radiographs import make_radiograph

UNDO_IN_SLICER = 360
"""How far down Slicer's own editor has Undo: below buttons, a table of segments and four rows of effects. An estimate;
in the stand-in the table is beside the effects."""
SCREEN = 850
"""What a screen of 1080 pixels leaves to a module between Slicer's menus and its status bar."""


@pytest.fixture
def panel(open_panel, radiograph, shared_worker, worker_command) -> Any:
    return open_panel(worker=shared_worker("scripted", worker_command), image=radiograph)


def new_segmentation(slicer: Any, volume: Any = None, name: str = "Mine") -> Any:
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
    node.CreateDefaultDisplayNodes()
    if volume is not None:
        node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
        node.SetNodeReferenceID(node.GetReferenceImageGeometryReferenceRole(), volume.GetID())
    return node


def draw(node: Any, volume: Any, name: str) -> np.ndarray:
    from CausalCLIPSegLib import scene

    mask = np.zeros(scene.image_shape(volume), dtype=bool)
    mask[50:60, 5:15] = True
    node.GetSegmentation().AddEmptySegment(name, name)
    scene.set_mask(node, name, volume, mask)
    return mask


def test_a_chosen_segmentation_gets_the_outlines_and_keeps_what_a_person_drew(panel, radiograph, slicer, open_view):
    from CausalCLIPSegLib import scene

    mine = new_segmentation(slicer, radiograph)
    mask = draw(mine, radiograph, "Drawn")
    panel.ui.outputSelector.setCurrentNode(mine)
    panel.run("Right basal opacity.")
    assert panel.logic.parameters.segmentation is mine
    assert list(mine.GetSegmentation().GetSegmentIDs()) == ["Drawn", "opacity_right"]
    view = open_view()
    view.fit()
    assert np.ptp(view.pixels().astype(int), axis=2).max() > 8
    panel.run("Left basal opacity.")
    assert list(mine.GetSegmentation().GetSegmentIDs()) == ["Drawn", "opacity_left"], "the last result is replaced"
    np.testing.assert_array_equal(scene.read_mask(mine, "Drawn", radiograph), mask)
    panel.ui.thresholdSlider.value = 0.7
    assert [segment["corrected"] for segment in panel.logic.segments] == [True, False]
    assert len(slicer.util.getNodesByClass("vtkMRMLSegmentationNode")) == 1


def test_a_corrected_outline_in_the_chosen_segmentation_is_kept(panel, radiograph, slicer):
    from CausalCLIPSegLib import scene

    mine = new_segmentation(slicer)  # without a radiograph yet
    panel.ui.outputSelector.setCurrentNode(mine)
    panel.run("Right basal opacity.")
    assert scene.reference_volume(mine) is radiograph
    panel.editor.paint(2, 2, "Opacity, right lung")
    corrected = scene.read_mask(mine, "opacity_right", radiograph)
    panel.run("Right basal opacity.")
    first, second = mine.GetSegmentation().GetSegmentIDs()
    assert first == "opacity_right"
    np.testing.assert_array_equal(scene.read_mask(mine, first, radiograph), corrected)
    before = scene.read_mask(mine, second, radiograph)
    panel.ui.thresholdSlider.value = 0.7
    assert scene.read_mask(mine, second, radiograph).sum() < before.sum(), "the slider moves the new one"
    np.testing.assert_array_equal(scene.read_mask(mine, first, radiograph), corrected)


def test_a_new_segmentation_is_made_by_default_and_after_none_is_chosen_again(panel, radiograph, slicer):
    mine = new_segmentation(slicer, radiograph)
    panel.ui.outputSelector.setCurrentNode(mine)
    panel.run("Right basal opacity.")
    panel.ui.outputSelector.setCurrentNode(None)
    panel.run("Left basal opacity.")
    assert panel.logic.parameters.segmentation.GetName() == "Findings"


def test_the_segmentation_of_another_radiograph_is_refused_with_a_reason(panel, slicer):
    panel.write("Right basal opacity.")
    panel.ui.outputSelector.setCurrentNode(new_segmentation(slicer, make_radiograph(slicer)))
    assert not panel.ui.applyButton.enabled
    assert "belongs to another radiograph" in panel.ui.applyButton.toolTip
    slicer.mrmlScene.RemoveNode(panel.logic.parameters.output)
    assert panel.ui.applyButton.enabled
    assert panel.ui.outputSelector.currentNode() is None


def test_the_outputs_of_a_comparison_are_two(panel, radiograph, slicer):
    panel.ui.outputSelector.setCurrentNode(new_segmentation(slicer, radiograph))
    panel.run("Right basal opacity.")
    panel.click("compareCheckBox")
    assert not panel.ui.outputSelector.enabled
    panel.run("Left basal opacity.")
    assert panel.logic.parameters.segmentation is not panel.logic.parameters.earlier


def gray_levels(view: Any, radiograph: Any) -> list[int]:
    return [int(view.pixels()[view.place(radiograph, row, 24)][0]) for row in range(0, 64, 4)]


@pytest.mark.parametrize(
    ("preset", "check"),
    [
        ("Whole range", lambda levels: levels[0] < 40 < 215 < levels[-1]),
        ("Lungs", lambda levels: levels.count(255) > 3),
        ("Bones and mediastinum", lambda levels: levels.count(0) > 3),
        ("Inverted", lambda levels: levels[0] > 200 > 60 > levels[-1]),
    ],
)
def test_a_window_preset_changes_the_real_view_and_the_stored_one_returns(panel, slicer, open_view, preset, check):
    radiograph = make_radiograph(slicer)
    ramp = np.repeat(np.linspace(0, 255, 64).astype(np.int16)[:, np.newaxis], 48, axis=1)
    slicer.util.updateVolumeFromArray(radiograph, ramp[np.newaxis])
    radiograph.GetDisplayNode().SetWindowLevelMinMax(20, 240)
    panel.ui.imageSelector.setCurrentNode(radiograph)
    view = open_view()
    view.fit()
    before = gray_levels(view, radiograph)
    choose(panel, preset)
    assert check(gray_levels(view, radiograph)), gray_levels(view, radiograph)
    assert panel.ui.windowCombo.currentIndex == 0
    choose(panel, "As stored")
    assert gray_levels(view, radiograph) == before


def choose(panel: Any, preset: str) -> None:
    box = panel.ui.windowCombo._object
    box.setCurrentText(preset)
    box.activated.emit(box.currentIndex())


def test_sections_fold_until_there_is_something_in_them(panel):
    ui = panel.ui
    assert (ui.inputSection.collapsed, ui.resultSection.collapsed) == (False, True)
    assert ui.correctSection.collapsed
    assert ui.exportSection.collapsed
    panel.run("Bibasal opacities.")
    assert not ui.resultSection.collapsed
    assert not ui.exportSection.collapsed
    ui.correctSection.collapsed = False
    assert ui.inputSection.collapsed, "the note makes room for the editor"
    ui.correctSection.collapsed = True
    assert not ui.inputSection.collapsed


@pytest.mark.parametrize("note", ["Bibasal opacities.", "elsewhere: Opacity in the right middle zone."])
def test_apply_threshold_and_undo_are_on_a_screen_of_1080_pixels_at_once(panel, note):
    panel.run(note)
    panel.editor.click("Paint")
    panel.picture("correct")
    root = panel.widget.uiWidget._object
    editor = panel.ui.segmentEditor._object

    def bottom(widget: Any) -> int:
        return widget.mapTo(root, QtCore.QPoint(0, widget.height())).y()

    undo = editor.findChild(QtWidgets.QWidget, "UndoButton")
    assert undo is not None
    above = editor.mapTo(root, QtCore.QPoint(0, 0)).y()
    assert bottom(panel.ui.applyButton._object) < bottom(panel.ui.thresholdSlider._object) < above
    assert max(above + UNDO_IN_SLICER, bottom(undo)) <= SCREEN, f"{above} pixels above the editor"

"""What the slice views show in each state of the panel, pixel by pixel, rendered by Slicer's own slice pipeline."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from panel_driver import save_and_reopen
from radiographs import make_radiograph

NOTE = "Bibasal opacities."


def colored(pixels: np.ndarray) -> np.ndarray:
    """Return where a picture is not gray."""
    return np.ptp(pixels.astype(int), axis=2) > 8


def corner(pixels: np.ndarray) -> tuple[bool, bool]:
    """Return whether the bright corner is at the top, and whether it is at the left."""
    bright = pixels.min(axis=2) > 200
    half_height, half_width = pixels.shape[0] // 2, pixels.shape[1] // 2
    assert bright.any()
    return not bright[half_height:].any(), not bright[:, half_width:].any()


@pytest.fixture
def panel(open_panel, radiograph, shared_worker, worker_command) -> Any:
    return open_panel(worker=shared_worker("scripted", worker_command), image=radiograph)


@pytest.mark.parametrize("before", ["Axial", "Sagittal", "Coronal"])
@pytest.mark.parametrize(
    ("columns", "rows"),
    [((-1, 0, 0), (0, -1, 0)), ((-1, 0, 0), (0, 0, -1)), ((0, -1, 0), (0, 0, -1)), ((1, 0, 0), (0, 1, 0))],
    ids=["axial", "coronal", "sagittal", "turned"],
)
def test_a_radiograph_is_upright_and_not_mirrored(open_panel, slicer, open_view, before, columns, rows):
    slicer.mrmlScene.GetNodeByID("vtkMRMLSliceNodeRed").SetOrientation(before)
    open_panel(command=None, image=make_radiograph(slicer, columns, rows))
    view = open_view()
    view.fit()
    assert corner(view.pixels()) == (True, True)


def test_the_outline_is_where_it_should_be_and_does_not_hide_the_finding(panel, radiograph, open_view):
    from CausalCLIPSegLib import scene

    view = open_view()
    view.fit()
    before = view.pixels()
    assert not colored(before).any()
    panel.run(NOTE)
    after = view.pixels()
    for segment in panel.logic.segments:
        rows, columns = np.nonzero(scene.read_mask(panel.logic.parameters.segmentation, segment["id"], radiograph))
        row, column = view.place(radiograph, np.median(rows), np.median(columns))
        change = np.abs(after[row, column].astype(int) - before[row, column])
        assert 0 < change.max() < 0.2 * 255, "a thin fill"
        place = (*view.place(radiograph, rows.min() - 0.5, columns.min() - 0.5),)
        place += (*view.place(radiograph, rows.max() + 0.5, columns.max() + 0.5),)
        middle = (place[1] + place[3]) // 2
        outline = np.flatnonzero(np.abs(after[:, middle].astype(int) - before[:, middle]).max(axis=1) > 60)
        assert abs(outline.min() - place[0]) <= 3, "the top of the mask"
        assert abs(outline.max() - place[2]) <= 3, "the bottom of the mask"
        assert len(outline) <= 8, "only the outline is strong"


def test_hidden_outlines_are_gone_and_come_back(panel, open_view):
    view = open_view()
    view.fit()
    before = view.pixels()
    panel.run(NOTE)
    shown = view.pixels()
    panel.click("outlinesCheckBox")
    np.testing.assert_array_equal(view.pixels(), before)
    panel.press_return(control=True)  # the next result is shown
    panel.wait(lambda: panel.logic.running is None)
    assert panel.ui.outlinesCheckBox.checked
    np.testing.assert_array_equal(view.pixels(), shown)


def test_the_fill_follows_its_slider(panel, open_view, radiograph):
    from CausalCLIPSegLib import scene

    view = open_view()
    view.fit()
    before = view.pixels().astype(int)
    panel.run(NOTE)
    mask = scene.read_mask(panel.logic.parameters.segmentation, panel.logic.segments[0]["id"], radiograph)
    place = view.place(radiograph, *(np.median(indices) for indices in np.nonzero(mask)))
    changes = []
    for opacity in (0.0, 0.3, 0.8):
        panel.ui.fillSlider.value = opacity
        changes.append(np.abs(view.pixels()[place] - before[place]).max())
    assert changes[0] == 0
    assert changes[0] < changes[1] < changes[2]


@pytest.mark.parametrize("name", ["Probability", "Causal attention", "Confounder map", "Patches of interest"])
def test_a_map_is_graded_and_gone_when_it_is_hidden(panel, open_view, radiograph, name):
    panel.run(NOTE)
    panel.click("outlinesCheckBox")
    view = open_view()
    view.fit()
    before = view.pixels()
    panel.click("probabilityCheckBox") if name == "Probability" else panel.choose("mapCombo", name)
    shown = view.pixels()
    values = panel.map(name)
    inside = [
        (value, shown[view.place(radiograph, row, column)].astype(int).sum())
        for (row, column), value in np.ndenumerate(values)
        if row % 4 == 0 and before[view.place(radiograph, row, column)][0] < 200
    ]
    low, high = values.min(), values.max()
    graded = sorted(pair for pair in inside if pair[0] > low + 0.3 * (high - low))
    colors = [color for _, color in graded]
    assert len(set(colors)) > 8, "not a flat wash"
    assert np.corrcoef([value for value, _ in graded], colors)[0, 1] > 0.8
    panel.click("probabilityCheckBox") if name == "Probability" else panel.choose("mapCombo", "None")
    np.testing.assert_array_equal(view.pixels(), before)


def test_the_map_follows_its_opacity(panel, open_view):
    panel.run(NOTE)
    view = open_view()
    view.fit()
    panel.click("outlinesCheckBox")
    before = view.pixels().astype(int)
    panel.click("probabilityCheckBox")
    changes = []
    for opacity in (0.2, 0.9):
        panel.ui.overlaySlider.value = opacity
        changes.append(np.abs(view.pixels() - before).sum())
    assert 0 < changes[0] < changes[1]


def test_the_map_of_the_next_result_replaces_that_of_the_last(panel, open_view):
    panel.run("Right basal opacity.")
    panel.click("probabilityCheckBox")
    view = open_view()
    view.fit()
    first = view.pixels()
    panel.run("Left basal opacity.")
    assert panel.ui.probabilityCheckBox.checked
    assert colored(view.pixels()).any()
    assert not np.array_equal(view.pixels(), first)


def layout(slicer: Any) -> int:
    return slicer.app.layoutManager().layout


def test_a_radiograph_opens_in_one_large_view_once_and_the_layout_is_given_back(open_panel, slicer, radiograph):
    layouts, red = slicer.vtkMRMLLayoutNode, slicer.mrmlScene.GetNodeByID("vtkMRMLSliceNodeRed")
    red.SetOrientation("Coronal")
    earlier = layout(slicer)
    panel = open_panel(command=None, image=radiograph)
    assert layout(slicer) == layouts.SlicerLayoutOneUpRedSliceView
    panel.widget.exit()
    assert layout(slicer) == earlier
    assert red.GetOrientation() == "Coronal"
    panel.widget.enter()
    assert layout(slicer) == layouts.SlicerLayoutOneUpRedSliceView
    slicer.app.layoutManager().setLayout(layouts.SlicerLayoutConventionalView)
    panel.ui.imageSelector.setCurrentNode(make_radiograph(slicer))
    assert layout(slicer) == layouts.SlicerLayoutConventionalView, "the user's choice"
    panel.widget.exit()
    assert layout(slicer) == layouts.SlicerLayoutConventionalView


def test_the_segment_editor_continues_in_the_large_view(panel, slicer, monkeypatch):
    panel.run(NOTE)
    select = slicer.util.selectModule
    monkeypatch.setattr(slicer.util, "selectModule", lambda name: (panel.widget.exit(), select(name)))
    panel.click("openEditorButton")
    assert layout(slicer) == slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView


@pytest.fixture
def compared(panel, slicer, open_view) -> Any:
    """The panel with two results side by side."""
    panel.run("Right basal opacity.")
    panel.click("compareCheckBox")
    panel.run("Left basal opacity.")
    assert layout(slicer) == slicer.vtkMRMLLayoutNode.SlicerLayoutSideBySideView
    return panel


def halves(pixels: np.ndarray) -> tuple[bool, bool]:
    """Return whether the left and the right half of a picture contain an outline."""
    middle = pixels.shape[1] // 2
    return bool(colored(pixels)[:, :middle].any()), bool(colored(pixels)[:, middle:].any())


def test_two_results_are_compared_each_in_its_view(compared, open_view):
    left, right = open_view("Red"), open_view("Yellow")
    for view in (left, right):
        view.fit()
        assert corner(view.pixels()) == (True, True)
    assert not np.array_equal(left.pixels(), right.pixels())
    assert colored(left.pixels()).any()
    assert colored(right.pixels()).any()


@pytest.mark.parametrize("end", ["uncheck", "layout", "exit", "image"])
def test_the_newest_outline_is_visible_again_after_a_comparison(compared, slicer, open_view, end):
    panel, newest = compared, compared.logic.parameters.segmentation
    right_view = open_view("Yellow")
    right_view.fit()
    if end == "uncheck":
        panel.click("compareCheckBox")
    elif end == "layout":
        slicer.app.layoutManager().setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)
    elif end == "exit":
        panel.widget.exit()
    else:
        panel.ui.imageSelector.setCurrentNode(make_radiograph(slicer))
    assert layout(slicer) != slicer.vtkMRMLLayoutNode.SlicerLayoutSideBySideView
    assert newest.GetDisplayNode().GetNumberOfViewNodeIDs() == 0
    assert newest.GetDisplayNode().GetVisibility()
    assert not panel.logic.parameters.earlier.GetDisplayNode().GetVisibility()
    assert slicer.mrmlScene.GetNodeByID("vtkMRMLSliceNodeYellow").GetOrientation() == "Sagittal"
    view = open_view("Red")
    slicer.mrmlScene.GetNodeByID("vtkMRMLSliceNodeRed").SetOrientation("Axial")
    view.fit()
    assert colored(view.pixels()).any()


def shown(view: Any, before: np.ndarray) -> np.ndarray:
    """Return where a view differs from an earlier picture."""
    return np.abs(view.pixels().astype(int) - before).max(axis=2) > 8


def test_the_outline_follows_the_threshold_both_ways(panel, open_view):
    view = open_view()
    view.fit()
    before = view.pixels().astype(int)
    panel.run(NOTE)
    first = shown(view, before)
    panel.ui.thresholdSlider.value = 0.8
    smaller = shown(view, before)
    assert 0 < smaller.sum() < first.sum()
    panel.ui.thresholdSlider.value = 0.5
    np.testing.assert_array_equal(shown(view, before), first)


def test_a_correction_and_its_undo_are_seen(panel, open_view, radiograph):
    view = open_view()
    view.fit()
    panel.run(NOTE)
    before = view.pixels()
    panel.editor.paint(40, 40, "Opacity, left lung")
    place = view.place(radiograph, 40, 40)
    assert (before[place] != view.pixels()[place]).any()
    panel.editor.click("UndoButton")
    np.testing.assert_array_equal(view.pixels(), before)


@pytest.mark.parametrize("what", ["crash", "turned", "slow"])
def test_a_run_without_a_result_leaves_the_view_as_it_was(panel, open_view, what):
    note = f"{what} right basal opacity"
    panel.run("Left basal opacity.")
    view = open_view()
    view.fit()
    before = view.pixels()
    if what == "slow":
        panel.start(note)
        panel.click("cancelButton")
        panel.wait(lambda: panel.logic.running is None)
    else:
        panel.run(note)
    np.testing.assert_array_equal(view.pixels(), before)


def test_an_empty_result_shows_only_the_radiograph_and_says_so(panel, open_view):
    view = open_view()
    view.fit()
    before = view.pixels()
    panel.run(NOTE)
    panel.ui.thresholdSlider.value = 0.99
    np.testing.assert_array_equal(view.pixels(), before)
    assert "<b>Note: right lower zone. Nothing there reaches the threshold" in panel.ui.resultLabel.text


def test_a_saved_scene_shows_the_same_outlines(panel, open_view, slicer, tmp_path):
    panel.run(NOTE)
    panel.ui.fillSlider.value = 0.4
    view = open_view()
    view.fit()
    before = view.pixels()
    view.close()
    save_and_reopen(slicer, tmp_path)
    panel.widget.enter()
    view = open_view()
    view.fit()
    np.testing.assert_array_equal(colored(view.pixels()), colored(before))

"""What the panel and the real slice view show of places where nothing is, and of areas that are not in the note."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from panel_driver import save_and_reopen
from PySide6 import QtTest, QtWidgets
from PySide6.QtCore import Qt

NOTE = "elsewhere: Opacity in the right middle zone."
"""The scripted worker finds a bar in the middle of the right lung, an area above it, and one in the left lung."""


@pytest.fixture
def panel(open_panel, radiograph, shared_worker, worker_command) -> Any:
    return open_panel(worker=shared_worker("scripted", worker_command), image=radiograph)


def buttons(panel: Any) -> list[Any]:
    frame = panel.ui.candidatesFrame._object
    return [each for each in frame.findChildren(QtWidgets.QPushButton) if not each.parentWidget().isHidden()]


def labels(panel: Any) -> list[str]:
    frame = panel.ui.candidatesFrame._object
    return [each.text() for each in frame.findChildren(QtWidgets.QLabel) if not each.parentWidget().isHidden()]


def add(panel: Any, number: int) -> None:
    button = buttons(panel)[number]
    assert button.isEnabled()
    QtTest.QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    QtWidgets.QApplication.processEvents()


def mask_of(panel: Any, number: int) -> np.ndarray:
    return np.load(json.loads(panel.logic.parameters.resultJson)["not_in_note"][number]["mask"])


@pytest.mark.parametrize(
    ("note", "threshold", "expected"),
    [
        (
            "Opacity in the right middle zone.",
            None,
            "Found where the note says: right middle zone (0.90).",
        ),
        ("Opacity in the right middle zone.", 0.95, "Nothing there reaches the threshold (highest probability 0.90)"),
        ("Opacity at the right apex.", 0.95, "Note: right upper zone. Nothing there reaches the threshold"),
    ],
)
def test_the_panel_says_for_each_named_place_whether_something_is_there(panel, note, threshold, expected):
    panel.run(note)
    if threshold is not None:
        panel.ui.thresholdSlider.value = threshold
    assert expected in panel.ui.resultLabel.text
    assert ("<b>Note:" in panel.ui.resultLabel.text) == ("Nothing" in expected), "what is not there stands out"


def test_a_note_without_a_place_makes_no_statement(panel):
    panel.run("Pneumonia.")
    assert "reaches" not in panel.ui.resultLabel.text
    assert "Found" not in panel.ui.resultLabel.text


def test_each_area_that_is_not_in_the_note_is_a_line_with_a_button(panel):
    assert buttons(panel) == []
    panel.run(NOTE)
    first, second = labels(panel)
    assert first.startswith("Not in the note: right upper zone (highest probability 0.63). ")
    assert first.endswith(" cm²")
    assert second.startswith("Not in the note: left lower zone, which the note calls clear")
    assert [each.text() for each in buttons(panel)] == ["Add as segment"] * 2
    assert all(each.accessibleName().startswith("Add as segment: Not in the note") for each in buttons(panel))
    panel.run("Opacity in the right middle zone.")
    assert buttons(panel) == []


def test_a_candidate_is_a_thin_line_and_nothing_inside_it_changes(panel, radiograph, open_view):
    view = open_view()
    view.fit()
    before = view.pixels().astype(int)
    panel.run(NOTE)
    after = view.pixels().astype(int)
    changed = np.abs(after - before).max(axis=2) > 8
    for number in (0, 1):
        rows, columns = np.nonzero(mask_of(panel, number))
        top, left = view.place(radiograph, rows.min() - 0.5, columns.min() - 0.5)
        bottom, right = view.place(radiograph, rows.max() + 0.5, columns.max() + 0.5)
        assert not changed[top + 4 : bottom - 3, left + 4 : right - 3].any(), "no fill"
        line = changed[top - 3 : top + 4, left + 6 : right - 5]
        assert line.any(axis=0).all(), "a line along the whole edge"
        red, green, blue = after[top - 3 : top + 4, left + 6 : right - 5][line].T
        assert (red > blue + 40).all(), "yellow, unlike sky blue"
        assert (np.abs(red - green) < 40).all(), "yellow, unlike orange"
    segment = panel.logic.segments[0]
    assert segment["id"] == "opacity_right"
    assert len(panel.logic.segments) == 1, "never merged by itself"


def test_added_as_a_segment_it_is_filled_exported_and_kept(panel, radiograph, open_view, slicer, tmp_path):
    from CausalCLIPSegLib import scene

    panel.run(NOTE)
    view = open_view()
    view.fit()
    before, mask = view.pixels().astype(int), mask_of(panel, 0)
    add(panel, 0)
    assert len(labels(panel)) == 1
    assert panel.ui.statusLabel.text == "Added: Opacity, right lung (right upper zone)."
    assert "added by hand" in panel.ui.resultLabel.text
    segmentation = panel.logic.parameters.segmentation
    np.testing.assert_array_equal(scene.read_mask(segmentation, "not_in_note_1", radiograph), mask)
    place = view.place(radiograph, *(np.median(each) for each in np.nonzero(mask)))
    assert np.abs(view.pixels().astype(int) - before)[place].max() > 8, "a fill, as the other segments have"
    panel.ui.thresholdSlider.value = 0.4
    np.testing.assert_array_equal(scene.read_mask(segmentation, "not_in_note_1", radiograph), mask)
    panel.export("seg.nrrd", tmp_path / "a.seg.nrrd")
    exported = json.loads((tmp_path / "a.seg.nrrd").read_text())["segments"]
    assert exported["Opacity, right lung (right upper zone)"] == [int(mask.sum()), True]
    assert "Opacity, left lung" not in exported, "only what was added"
    panel.run("Opacity in the left lower zone.")
    assert slicer.mrmlScene.IsNodePresent(segmentation), "a result with an added area is not replaced"


def test_removed_in_the_editor_it_is_offered_again(panel):
    panel.run(NOTE)
    add(panel, 1)
    assert [label.split(".")[0] for label in labels(panel)] == [
        "Not in the note: right upper zone (highest probability 0"
    ]
    panel.logic.parameters.segmentation.GetSegmentation().RemoveSegment("not_in_note_2")
    QtWidgets.QApplication.processEvents()
    assert len(labels(panel)) == 2


def test_candidates_are_hidden_with_the_outlines_and_gone_with_the_next_result(panel, open_view, slicer):
    view = open_view()
    view.fit()
    before = view.pixels()
    panel.run(NOTE)
    assert not np.array_equal(view.pixels(), before)
    panel.click("outlinesCheckBox")
    np.testing.assert_array_equal(view.pixels(), before)
    node = panel.logic.parameters.candidates
    panel.run("Opacity in the right middle zone.")
    assert not slicer.mrmlScene.IsNodePresent(node)


def test_candidates_are_shown_only_beside_their_own_result(panel, open_view):
    panel.run("Opacity in the left middle zone.")
    panel.click("compareCheckBox")
    panel.run(NOTE)
    pictures = {}
    for name in ("Red", "Yellow"):
        view = open_view(name)
        view.fit()
        pictures[name] = view.pixels().astype(int)
    yellow = {
        name: ((each[..., 0] > each[..., 2] + 40) & (np.abs(each[..., 0] - each[..., 1]) < 20)).any()
        for name, each in pictures.items()
    }
    assert yellow == {"Red": False, "Yellow": True}
    panel.click("compareCheckBox")
    assert panel.logic.parameters.candidates.GetDisplayNode().GetNumberOfViewNodeIDs() == 0


def test_candidates_and_statements_are_saved_with_the_scene(panel, slicer, tmp_path):
    panel.run(NOTE)
    text, lines = panel.ui.resultLabel.text, labels(panel)
    save_and_reopen(slicer, tmp_path)
    assert panel.ui.resultLabel.text == text
    assert labels(panel) == lines
    add(panel, 0)
    assert len(panel.logic.segments) == 2


def test_no_list_offers_the_candidates(panel):
    panel.run(NOTE)
    names = [panel.ui.outputSelector._object._box.itemText(index) for index in range(9)]
    assert [name for name in names if name] == ["New segmentation", "Findings"]


def test_the_buttons_are_reached_with_tab_after_the_result(panel):
    panel.run(NOTE)
    panel.ui.resultLabel._object.setFocus()
    for button in buttons(panel):
        QtTest.QTest.keyClick(QtWidgets.QApplication.focusWidget(), Qt.Key.Key_Tab)
        assert QtWidgets.QApplication.focusWidget() is button
    QtTest.QTest.keyClick(QtWidgets.QApplication.focusWidget(), Qt.Key.Key_Space)
    assert len(panel.logic.segments) == 2


def test_nothing_is_added_during_a_run(panel):
    panel.run(NOTE)
    panel.start("slow right basal opacity")
    assert not any(button.isEnabled() for button in buttons(panel))

"""Complete workflows with the real worker: the module's self test, and the sample from note to saved correction."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest
from panel_driver import save_and_reopen

from CausalCLIPSegLib import scene


def test_self_test_of_the_module(open_panel, slicer, monkeypatch):
    import CausalCLIPSeg

    panel = open_panel(command=None)
    module = SimpleNamespace(widgetRepresentation=lambda: SimpleNamespace(self=lambda: panel.widget))
    monkeypatch.setattr(slicer.modules, "causalclipseg", module, raising=False)
    CausalCLIPSeg.CausalCLIPSegTest().runTest()


def test_from_the_sample_to_a_correction_in_a_saved_scene(open_panel, slicer, tmp_path):
    panel = open_panel(command=None)
    editor = panel.editor
    panel.click("sampleButton")
    panel.wait(lambda: panel.logic.understood is not None)
    panel.press_return(control=True)
    panel.wait(lambda: panel.logic.parameters.segmentation is not None, 240)
    volume, segmentation = panel.logic.resultVolume(), panel.logic.parameters.segmentation
    panel.ui.thresholdSlider.value = 0.4
    right, left = panel.logic.segments
    assert json.loads(panel.logic.parameters.resultJson)["disagreements"] == []

    editor.paint(20, 30, left["name"])
    editor.widget.click_in_view(21, 31)
    editor.click("UndoButton")
    editor.click("NULL")
    mask = scene.read_mask(segmentation, left["id"], volume)
    assert mask[20, 30]
    assert not mask[21, 31]
    assert panel.corrected() == [False, True]

    panel.export("seg.nrrd", tmp_path / "findings.seg.nrrd")
    loaded = slicer.util.loadSegmentation(str(tmp_path / "findings.seg.nrrd"))
    exported = {segment["name"]: segment for segment in scene.describe_segments(loaded, volume)}
    assert set(exported) == {right["name"], left["name"]}
    assert np.array_equal(exported[left["name"]]["mask"], mask)
    for segment in (right, left):
        assert exported[segment["name"]]["color"] == pytest.approx(segment["color"], abs=0.01)
    slicer.mrmlScene.RemoveNode(loaded)

    result = panel.ui.resultLabel.text
    save_and_reopen(slicer, tmp_path)
    assert panel.ui.resultLabel.text == result
    assert panel.ui.thresholdSlider.value == 0.4
    assert editor.segments() == [right["name"], left["name"]]
    assert not editor.child("UndoButton").isEnabled()
    volume, segmentation = panel.logic.resultVolume(), panel.logic.parameters.segmentation
    assert np.array_equal(scene.read_mask(segmentation, left["id"], volume), mask)
    panel.ui.thresholdSlider.value = 0.6
    assert np.array_equal(scene.read_mask(segmentation, left["id"], volume), mask)
    assert panel.area_fractions()[0] < right["area_fraction"]
    assert "Corrected, so left as they are" in panel.ui.statusLabel.text

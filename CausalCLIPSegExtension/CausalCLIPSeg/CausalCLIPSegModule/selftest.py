"""Slicer's own self test: the way from film and note to corrected outlines, inside the application."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import SkipTest

import numpy as np
import slicer
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleTest

_MOST_SECONDS = 300


class CausalCLIPSegTest(ScriptedLoadableModuleTest):
    """Wants the packages of the network; without them only the panel is tested."""

    def setUp(self) -> None:
        """Begin with an empty scene."""
        slicer.mrmlScene.Clear()

    def runTest(self) -> None:
        """Run all tests."""
        for test in (self.test_panelSaysWhatIsMissing, self.test_fromNoteToCorrectionAndBack):
            self.setUp()
            try:
                test()
            except SkipTest as reason:
                self.delayDisplay(str(reason))
        self.setUp()

    def test_panelSaysWhatIsMissing(self) -> None:
        """Without a film nothing can run, and the panel says so."""
        ui = self._widget().ui
        assert not ui.applyButton.enabled
        assert ui.applyButton.toolTip != ""

    def test_fromNoteToCorrectionAndBack(self) -> None:
        """Sample, run, threshold, a voxel, undo, redo; files of the result and back; scene saved, closed, reopened."""
        widget = self._widget()
        if widget.installation.missing():
            raise SkipTest("The packages of the network are not installed; the run is not tested.")
        widget.ui.sampleButton.click()
        self._wait(lambda: widget.ui.applyButton.enabled)
        assert "right" in widget.ui.understoodLabel.text
        widget.ui.applyButton.click()
        self._wait(lambda: widget.logic.running is None)
        segmentation = widget.logic.parameters.segmentation
        assert segmentation is not None, widget.ui.statusLabel.text
        before = [one["area_fraction"] for one in widget.logic.segments]
        widget.ui.thresholdSlider.value = 0.2
        after = [one["area_fraction"] for one in widget.logic.segments]
        assert sum(after) > sum(before)
        self._correct(widget, segmentation)
        with tempfile.TemporaryDirectory() as folder:
            self._exportAndLoad(widget, Path(folder))
            self._closeAndReopen(widget, Path(folder) / "scene.mrb")

    def _correct(self, widget: Any, segmentation: Any) -> None:
        segment = segmentation.GetSegmentation().GetNthSegmentID(0)
        film = widget.logic.film()
        editor = widget.ui.segmentEditor
        editor.setCurrentSegmentID(segment)
        editor.setActiveEffectByName("Paint")
        assert editor.activeEffect() is not None
        editor.saveStateForUndo()
        values = slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, segment, film)
        values[0, 0, 0] = 1
        slicer.util.updateSegmentBinaryLabelmapFromArray(values, segmentation, segment, film)
        assert widget.logic.segments[0]["corrected"]
        editor.undo()
        assert not widget.logic.segments[0]["corrected"]
        editor.redo()
        assert widget.logic.segments[0]["corrected"]

    def _exportAndLoad(self, widget: Any, folder: Path) -> None:
        """Export as DICOM and as Slicer's own file; the latter comes back with the same voxels."""
        for kind, name in (("dicom-seg", "findings.dcm"), ("seg-nrrd", "findings.seg.nrrd")):
            widget.logic.export(kind, folder / name)
            self._wait(lambda: widget.logic.exporting is None)
            assert (folder / name).is_file(), widget.ui.statusLabel.text
        back = slicer.util.loadSegmentation(str(folder / "findings.seg.nrrd"))
        film, result = widget.logic.film(), widget.logic.parameters.segmentation
        for number in range(result.GetSegmentation().GetNumberOfSegments()):
            one, other = (
                slicer.util.arrayFromSegmentBinaryLabelmap(node, node.GetSegmentation().GetNthSegmentID(number), film)
                for node in (result, back)
            )
            assert np.array_equal(one, other)
        slicer.mrmlScene.RemoveNode(back)

    def _closeAndReopen(self, widget: Any, path: Path) -> None:
        """Save the scene, close it, and find note, threshold and correction in the saved one."""
        note, areas = widget.logic.parameters.note, [one["area_fraction"] for one in widget.logic.segments]
        assert slicer.mrmlScene.WriteToMRB(str(path))
        slicer.mrmlScene.Clear()
        assert widget.ui.segmentEditor.activeEffect() is None
        assert widget.logic.parameters.segmentation is None
        assert slicer.mrmlScene.ReadFromMRB(str(path), True)
        assert widget.logic.parameters.note == note
        assert abs(widget.ui.thresholdSlider.value - 0.2) < 1e-6
        assert [one["area_fraction"] for one in widget.logic.segments] == areas
        assert widget.logic.segments[0]["corrected"]

    def _widget(self) -> Any:
        slicer.util.selectModule("CausalCLIPSeg")
        return slicer.modules.causalclipseg.widgetRepresentation().self()

    def _wait(self, until: Callable[[], bool]) -> None:
        end = time.monotonic() + _MOST_SECONDS
        while not until():
            assert time.monotonic() < end
            slicer.app.processEvents()
            time.sleep(0.02)

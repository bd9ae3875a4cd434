"""Slicer's own self test: the way from film and note to corrected outlines, inside the application."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import slicer
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleTest

_MOST_SECONDS = 300


class CausalCLIPSegTest(ScriptedLoadableModuleTest):
    """Wants the packages of the network; without them only the panel is tested."""

    def setUp(self) -> None:
        """Begin with an empty scene."""
        slicer.mrmlScene.Clear()

    def runTest(self) -> None:  # noqa: N802
        """Run all tests."""
        self.setUp()
        self.test_panelSaysWhatIsMissing()
        self.setUp()
        self.test_fromNoteToCorrection()
        self.setUp()

    def test_panelSaysWhatIsMissing(self) -> None:  # noqa: N802
        """Without a film nothing can run, and the panel says so."""
        ui = self._widget().ui
        assert not ui.applyButton.enabled
        assert ui.applyButton.toolTip != ""

    def test_fromNoteToCorrection(self) -> None:  # noqa: N802
        """Sample, run, threshold, correction, undo."""
        widget = self._widget()
        if widget.installation.missing():
            self.delayDisplay("The packages of the network are not installed; the run is not tested.")
            return
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
        slicer.mrmlScene.Clear()
        assert editor.activeEffect() is None
        assert widget.logic.parameters.segmentation is None

    def _widget(self) -> Any:
        slicer.util.selectModule("CausalCLIPSeg")
        return slicer.modules.causalclipseg.widgetRepresentation().self()

    def _wait(self, until: Callable[[], bool]) -> None:
        end = time.monotonic() + _MOST_SECONDS
        while not until():
            assert time.monotonic() < end
            slicer.app.processEvents()
            time.sleep(0.02)

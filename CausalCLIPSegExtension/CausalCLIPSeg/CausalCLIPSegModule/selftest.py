"""Slicer's self test: from radiograph and note to a corrected segmentation, inside the application."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from unittest import SkipTest

import numpy as np
import slicer
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleTest

from CausalCLIPSegModule.widget import CausalCLIPSegWidget

_MAX_SECONDS = 300


class CausalCLIPSegTest(ScriptedLoadableModuleTest):
    """Tests the module; without the packages of the network, it tests only the panel."""

    def setUp(self) -> None:
        """Start with an empty scene."""
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
        """Without a radiograph, Apply is disabled and its tooltip says why."""
        ui = self._widget().ui
        assert not ui.applyButton.enabled
        assert ui.applyButton.toolTip != ""

    def test_fromNoteToCorrectionAndBack(self) -> None:
        """Run on the sample, change threshold and one voxel, undo, redo, export, load, save, close, and reopen."""
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
        before = [segment["area_fraction"] for segment in widget.logic.segments]
        widget.ui.thresholdSlider.value = 0.2
        after = [segment["area_fraction"] for segment in widget.logic.segments]
        assert sum(after) > sum(before)
        self._correct(widget, segmentation)
        with tempfile.TemporaryDirectory() as folder:
            self._exportAndLoad(widget, Path(folder))
            self._closeAndReopen(widget, Path(folder) / "scene.mrb")

    def _correct(self, widget: CausalCLIPSegWidget, segmentation: slicer.vtkMRMLSegmentationNode) -> None:
        segment = segmentation.GetSegmentation().GetNthSegmentID(0)
        volume = widget.logic.resultVolume()
        editor = widget.ui.segmentEditor
        editor.setCurrentSegmentID(segment)
        editor.setActiveEffectByName("Paint")
        assert editor.activeEffect() is not None
        editor.saveStateForUndo()
        values = slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, segment, volume)
        values[0, 0, 0] = 1
        slicer.util.updateSegmentBinaryLabelmapFromArray(values, segmentation, segment, volume)
        assert widget.logic.segments[0]["corrected"]
        editor.undo()
        assert not widget.logic.segments[0]["corrected"]
        editor.redo()
        assert widget.logic.segments[0]["corrected"]

    def _exportAndLoad(self, widget: CausalCLIPSegWidget, folder: Path) -> None:
        """Export as DICOM and in Slicer's format; the latter is loaded back with the same voxels."""
        for kind, name in (("dicom-seg", "findings.dcm"), ("seg-nrrd", "findings.seg.nrrd")):
            widget.logic.export(kind, folder / name)
            self._wait(lambda: widget.logic.exporting is None)
            assert (folder / name).is_file(), widget.ui.statusLabel.text
        loaded = slicer.util.loadSegmentation(str(folder / "findings.seg.nrrd"))
        volume, result = widget.logic.resultVolume(), widget.logic.parameters.segmentation
        for index in range(result.GetSegmentation().GetNumberOfSegments()):
            before, after = (
                slicer.util.arrayFromSegmentBinaryLabelmap(node, node.GetSegmentation().GetNthSegmentID(index), volume)
                for node in (result, loaded)
            )
            assert np.array_equal(before, after)
        slicer.mrmlScene.RemoveNode(loaded)

    def _closeAndReopen(self, widget: CausalCLIPSegWidget, path: Path) -> None:
        """Save the scene, close it, and load it with its note, threshold and correction."""
        note, areas = widget.logic.parameters.note, [segment["area_fraction"] for segment in widget.logic.segments]
        assert slicer.mrmlScene.WriteToMRB(str(path))
        slicer.mrmlScene.Clear()
        assert widget.ui.segmentEditor.activeEffect() is None
        assert widget.logic.parameters.segmentation is None
        assert slicer.mrmlScene.ReadFromMRB(str(path), True)
        assert widget.logic.parameters.note == note
        assert abs(widget.ui.thresholdSlider.value - 0.2) < 1e-6
        assert [segment["area_fraction"] for segment in widget.logic.segments] == areas
        assert widget.logic.segments[0]["corrected"]

    def _widget(self) -> CausalCLIPSegWidget:
        slicer.util.selectModule("CausalCLIPSeg")
        return slicer.modules.causalclipseg.widgetRepresentation().self()

    def _wait(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _MAX_SECONDS
        while not condition():
            assert time.monotonic() < deadline
            slicer.app.processEvents()
            time.sleep(0.02)

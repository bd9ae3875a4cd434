"""The sample radiograph, in Slicer's Sample Data module and in the panel."""

from __future__ import annotations

import socket
from types import SimpleNamespace

import pytest
from PySide6 import QtGui

from CausalCLIPSegLib import scene


def test_sample_is_listed_once_and_loads_without_the_internet(slicer, application, monkeypatch):
    import CausalCLIPSeg

    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("the sample is downloaded"))
    for _ in range(2):  # a reload of the module must not list it again
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


def test_a_result_on_the_sample_says_what_the_network_knows_and_shows_the_probability(open_panel, volume):
    panel = open_panel()
    panel.click("sampleButton")
    assert "never on masses" in panel.ui.statusLabel.text
    panel.wait(lambda: panel.ui.applyButton.enabled)
    panel.run()
    assert "trained on infections (QaTa-COV19)" in panel.ui.resultLabel.text
    assert panel.ui.probabilityCheckBox.checked
    panel.ui.imageSelector.setCurrentNode(volume)
    panel.run()
    assert "QaTa-COV19" not in panel.ui.resultLabel.text


def test_missing_sample_is_reported(open_panel, slicer, monkeypatch):
    panel = open_panel()
    monkeypatch.setattr("pydicom.data.get_testdata_file", lambda *_, **__: None)
    panel.click("sampleButton")
    assert "comes with the installation" in panel.ui.statusLabel.text
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLVolumeNode") == 0

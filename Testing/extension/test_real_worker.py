"""The panel with the real worker process and the embedded checkpoint, on a real chest film."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom

from CausalCLIPSegLib import scene
from CausalCLIPSegLib.dicom_seg.reading import read_dicom_seg


def test_from_sample_to_dicom_seg_and_back(open_panel, slicer, application, tmp_path):
    panel = open_panel(command=None)
    panel.click("sampleButton")
    panel.wait(lambda: panel.logic.understood is not None)
    shown = panel.ui.understoodLabel.text
    assert "Patient's right" in shown
    assert "Patient's left" in shown
    panel.click("applyButton")
    panel.wait(lambda: panel.logic.running is None, 240)
    assert "Done in" in panel.ui.statusLabel.text, panel.ui.statusLabel.text
    assert "not calibrated" in panel.ui.resultLabel.text  # its header has no spacing
    volume, segmentation = panel.logic.film(), panel.logic.parameters.segmentation
    assert len(panel.logic.segments) == 2
    panel.picture("sample")

    area = sum(one["area_fraction"] for one in panel.logic.segments)
    panel.ui.thresholdSlider.value = 0.3
    assert sum(one["area_fraction"] for one in panel.logic.segments) > area

    corrected = panel.logic.segments[0]["id"]
    panel.ui.segmentEditor._object.paint(corrected, 5, 7)
    assert "corrected" in panel.ui.resultLabel.text
    mask = scene.read_mask(segmentation, corrected, volume)
    assert mask[5, 7]

    application.dialogs.answers.append(tmp_path / "findings.dcm")
    panel.ui.exportCombo.currentIndex = 0
    panel.click("exportButton")
    panel.wait(lambda: panel.logic.exporting is None, 240)
    assert "findings.dcm" in panel.ui.statusLabel.text, panel.ui.statusLabel.text
    written = read_dicom_seg(tmp_path / "findings.dcm")
    by_name = {one.label: one for one in written.segments}
    assert set(by_name) == {one["name"] for one in panel.logic.segments}
    name = next(one["name"] for one in panel.logic.segments if one["id"] == corrected)
    assert np.array_equal(by_name[name].mask, mask)
    assert by_name[name].algorithm_type == "SEMIAUTOMATIC"
    header = pydicom.dcmread(_film(volume), stop_before_pixels=True)
    assert written.source.sop_instance_uid == header.SOPInstanceUID

    # back into the scene by the DICOM plugin, on the same film
    import CausalCLIPSegDICOM

    slicer.dicomDatabase.files.clear()
    slicer.dicomDatabase.insert(_film(volume))
    slicer.dicomDatabase.insert(str(tmp_path / "findings.dcm"))
    volume.SetAttribute("DICOM.instanceUIDs", str(header.SOPInstanceUID))
    plugin = CausalCLIPSegDICOM.CausalCLIPSegDICOMPlugin()
    (loadable,) = plugin.examineForImport([[str(tmp_path / "findings.dcm")]])
    assert plugin.load(loadable)
    back = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")[-1]
    masks = {one["name"]: one["mask"] for one in scene.describe_segments(back, volume)}
    assert np.array_equal(masks[name], mask)


def _film(volume) -> str:
    from CausalCLIPSegModule.logic import dicomFile

    path = dicomFile(volume)
    assert path is not None
    assert Path(path).is_file()
    return path

"""The panel with the real worker process and the embedded checkpoint, on a real radiograph and on synthetic ones."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nrrd
import numpy as np
import pydicom
import pytest
from dx_images import make_dx, save_dx
from panel_driver import Panel
from PIL import Image

from CausalCLIPSegLib import scene
from CausalCLIPSegLib.segmentation.dicom_reader import read_dicom_seg

ROOT = Path(__file__).parent.parent.parent
NOTE = "Opacity in the left lower zone."


@pytest.fixture(scope="module")
def control_folder(tmp_path_factory) -> Path:
    """The folder whose files make the real worker wait or fail; see Testing/worker/controlled_worker.py."""
    folder = tmp_path_factory.mktemp("control")
    os.environ["CONTROL_FOLDER"] = str(folder)
    return folder


@pytest.fixture
def panel(open_panel, shared_worker, control_folder, slicer) -> Iterator[Panel]:
    """The panel with the real worker, which these tests share."""
    script = str(ROOT / "Testing/worker/controlled_worker.py")
    worker = shared_worker("real", lambda: (sys.executable, [script], str(ROOT)))
    slicer.dicomDatabase.files.clear()
    yield open_panel(worker=worker)
    for path in control_folder.iterdir():
        path.unlink()


@pytest.fixture
def load(slicer, tmp_path) -> Callable[..., Any]:
    """Load a synthetic radiograph as Slicer's DICOM module does; the arguments are elements of its header."""

    def load_radiograph(**elements: Any) -> Any:
        path = tmp_path / "radiograph.dcm"
        save_dx(make_dx((96, 80), **elements), path)
        slicer.dicomDatabase.insert(str(path))
        volume = slicer.util.loadVolume(str(path))
        volume.SetAttribute("DICOM.instanceUIDs", "2.25.102")
        return volume

    return load_radiograph


def prepare(panel: Panel, volume: Any) -> None:
    """Choose a radiograph, and write a note."""
    panel.ui.imageSelector.setCurrentNode(volume)
    panel.write(NOTE)


def segment(panel: Panel, volume: Any) -> None:
    """Run on a synthetic radiograph; it is noise, so only a low threshold finds something."""
    prepare(panel, volume)
    panel.run(seconds=240)
    assert "on cpu (ONNX Runtime)." in panel.ui.statusLabel.text, panel.ui.statusLabel.text
    panel.ui.thresholdSlider.value = 0.02


def read_masks(segmentation: Any, volume: Any) -> dict[str, np.ndarray]:
    return {segment["name"]: segment["mask"] for segment in scene.describe_segments(segmentation, volume)}


def test_export_to_the_database_loads_back_by_the_plugin(panel, slicer, load, monkeypatch):
    volume = load()
    segment(panel, volume)
    assert "Outlined again at a threshold of 0.02." in panel.ui.statusLabel.text
    assert "cm²" in panel.ui.resultLabel.text  # the header has a spacing
    segmentation = panel.logic.parameters.segmentation
    panel.editor.widget.paint(panel.logic.segments[0]["id"], 5, 7)
    assert "corrected" in panel.ui.resultLabel.text
    drawn = read_masks(segmentation, volume)

    with monkeypatch.context() as closed:
        closed.setattr(slicer.dicomDatabase, "isOpen", False)
        panel.export("database")
    assert panel.ui.statusLabel.text == "There is no DICOM database yet; open the module DICOM once."
    panel.export("database")
    assert panel.ui.statusLabel.text == "The segmentation is in the DICOM database, in the study of its radiograph."
    written = slicer.dicomDatabase.inserted[-1]
    assert pydicom.dcmread(written).StudyInstanceUID == "2.25.100"

    import CausalCLIPSegDICOM

    plugin = CausalCLIPSegDICOM.CausalCLIPSegDICOMPlugin()
    (loadable,) = plugin.examineForImport([[written]])
    assert plugin.load(loadable)
    loaded = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")[-1]
    assert loaded is not segmentation
    masks = read_masks(loaded, volume)
    assert set(masks) == {name for name, mask in drawn.items() if mask.any()}
    assert all(np.array_equal(masks[name], drawn[name]) for name in masks)


def test_second_export_to_the_database_is_the_next_instance_of_the_series(panel, slicer, load):
    volume = load()
    segment(panel, volume)
    panel.export("database")
    assert "in the study of its radiograph" in panel.ui.statusLabel.text
    first = read_dicom_seg(slicer.dicomDatabase.inserted[-1])
    panel.export("database")
    assert panel.ui.statusLabel.text == "The outlines are the same as before, so there is nothing to write."

    corrected = panel.logic.segments[0]
    panel.editor.widget.paint(corrected["id"], 5, 7)
    panel.ui.thresholdSlider.value = 0.03
    drawn = read_masks(panel.logic.parameters.segmentation, volume)
    panel.export("database")
    assert panel.ui.statusLabel.text == (
        "The changed segmentation is in the DICOM database, in the series of the earlier one."
    )
    second = read_dicom_seg(slicer.dicomDatabase.inserted[-1])
    assert (second.series_instance_uid, second.instance_number) == (first.series_instance_uid, 2)
    assert second.previous.sop_instance_uid == first.sop_instance_uid
    assert second.creator == "Anonymous"
    algorithm_types = {segment.label: segment.algorithm_type for segment in second.segments}
    assert algorithm_types[corrected["name"]] == "SEMIAUTOMATIC"
    assert {segment.algorithm.parameters["threshold"] for segment in second.segments} == {"0.03"}
    assert all(np.array_equal(segment.mask, drawn[segment.label]) for segment in second.segments)
    tracking_uids = {segment.label: segment.tracking_uid for segment in first.segments}
    assert all(
        tracking_uids.get(segment.label, segment.tracking_uid) == segment.tracking_uid for segment in second.segments
    )

    import CausalCLIPSegDICOM

    plugin = CausalCLIPSegDICOM.CausalCLIPSegDICOMPlugin()  # the plugin continues the series of the panel
    panel.editor.widget.paint(corrected["id"], 6, 7)
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    (exportable,) = plugin.examineForExport(hierarchy.GetItemByDataNode(panel.logic.parameters.segmentation))
    exportable.directory = str(Path(slicer.dicomDatabase.inserted[-1]).parent)
    assert plugin.export([exportable]) == ""
    third = read_dicom_seg(slicer.dicomDatabase.inserted[-1])
    assert third.previous.sop_instance_uid == second.sop_instance_uid
    assert [segment.tracking_uid for segment in third.segments] == [
        segment.tracking_uid for segment in second.segments
    ]


def test_sample_is_segmented_and_exported_as_dicom_seg(panel, tmp_path):
    panel.click("sampleButton")
    panel.wait(lambda: panel.logic.understood is not None)
    understood = panel.ui.understoodLabel.text
    assert "Patient's right" in understood
    assert "Patient's left" in understood
    panel.run(seconds=240)
    assert "Done in" in panel.ui.statusLabel.text, panel.ui.statusLabel.text
    assert "not calibrated" in panel.ui.resultLabel.text  # the header of the sample has no spacing
    volume, segmentation = panel.logic.resultVolume(), panel.logic.parameters.segmentation
    assert len(panel.logic.segments) == 2
    panel.picture("sample")
    corrected = panel.logic.segments[0]
    panel.editor.widget.paint(corrected["id"], 5, 7)

    panel.export("DICOM-SEG file", tmp_path / "findings.dcm")
    assert "findings.dcm" in panel.ui.statusLabel.text, panel.ui.statusLabel.text
    written = {segment.label: segment for segment in read_dicom_seg(tmp_path / "findings.dcm").segments}
    drawn = read_masks(segmentation, volume)
    assert set(written) == set(drawn)
    assert all(np.array_equal(written[name].mask, drawn[name]) for name in drawn)
    algorithm_types = {name: segment.algorithm_type for name, segment in written.items()}
    assert algorithm_types.pop(corrected["name"]) == "SEMIAUTOMATIC"
    assert set(algorithm_types.values()) == {"AUTOMATIC"}


def test_exports_seg_nrrd_and_picture_and_adds_the_suffix(panel, load, tmp_path):
    segment(panel, load())
    for format, name in (("nrrd", "findings.seg.nrrd"), ("Picture", "findings.png")):
        panel.export(format, tmp_path / "findings")
        assert panel.ui.statusLabel.text == f"Written: {tmp_path / name}"
    values, header = nrrd.read(str(tmp_path / "findings.seg.nrrd"))
    assert values.shape[-3:] == (80, 96, 1)
    assert header["Segment0_Name"] == panel.logic.segments[0]["name"]
    with Image.open(tmp_path / "findings.png") as picture:
        picture.load()


def test_cancel_during_a_run_changes_nothing_and_keeps_the_worker(panel, load, control_folder, slicer):
    prepare(panel, load())
    nodes = slicer.mrmlScene.GetNumberOfNodes()
    (control_folder / "wait").touch()
    panel.click("applyButton")
    panel.wait(lambda: panel.logic.runner.fraction > 0, 120)
    pid = panel.logic.worker.pid
    panel.click("cancelButton")
    assert panel.ui.statusLabel.text == "Canceling; the current phase is finished first."
    (control_folder / "wait").unlink()
    panel.wait(lambda: panel.logic.running is None)
    assert panel.ui.statusLabel.text == "Canceled; nothing was changed."
    assert slicer.mrmlScene.GetNumberOfNodes() == nodes
    panel.run(seconds=120)
    assert "Done in" in panel.ui.statusLabel.text
    assert panel.logic.worker.pid == pid


def test_too_little_memory_on_the_graphics_card_is_reported_with_the_result(panel, load, control_folder):
    prepare(panel, load())
    (control_folder / "memory").touch()
    panel.run(seconds=120)
    assert "Done in" in panel.ui.statusLabel.text
    assert "CPU instead" in panel.ui.resultLabel.text


def test_mirrored_radiograph_runs_after_the_user_has_confirmed_it(panel, load):
    prepare(panel, load(PatientOrientation=["R", "F"]))
    panel.run(seconds=120)
    assert "mirrored" in panel.ui.statusLabel.text
    assert "Say under Settings whether the radiograph is mirrored" in panel.ui.statusLabel.text
    assert panel.logic.parameters.segmentation is None
    panel.ui.mirroredCombo.currentIndex = 2
    panel.wait(lambda: panel.ui.applyButton.enabled)
    assert "Patient's left</b> (left in the picture)" in panel.ui.understoodLabel.text
    panel.run(seconds=120)
    assert "Done in" in panel.ui.statusLabel.text


def test_worker_killed_during_a_run_is_reported_and_starts_again(panel, load, control_folder):
    prepare(panel, load())
    (control_folder / "wait").touch()
    panel.click("applyButton")
    panel.wait(lambda: panel.logic.runner.fraction > 0, 120)
    os.kill(panel.logic.worker.pid, signal.SIGKILL)
    panel.wait(lambda: panel.logic.running is None)
    assert "ended unexpectedly" in panel.ui.statusLabel.text
    assert "Press Apply to start it again." in panel.ui.statusLabel.text
    (control_folder / "wait").unlink()
    panel.run(seconds=240)
    assert "Done in" in panel.ui.statusLabel.text

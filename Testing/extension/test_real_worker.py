"""The panel with the real worker process and the embedded checkpoint, on a real chest film and on made ones."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import nrrd
import numpy as np
import pydicom
import pytest
from dx_images import make_dx, save_dx
from PIL import Image

from CausalCLIPSegLib import scene
from CausalCLIPSegLib.segmentation.dicom_reader import read_dicom_seg

ROOT = Path(__file__).parent.parent.parent
NOTE = "Opacity in the left lower zone."


@pytest.fixture(scope="module")
def handle(tmp_path_factory) -> Path:
    """The folder by whose files the real worker is held up; see Testing/worker/held_worker.py."""
    folder = tmp_path_factory.mktemp("handle")
    os.environ["HOLD"] = str(folder)
    return folder


@pytest.fixture
def panel(open_panel, kept_worker, handle, slicer) -> Any:
    """The panel with the real worker, which these tests share."""
    script = str(ROOT / "Testing/worker/held_worker.py")
    worker = kept_worker("real", lambda: (sys.executable, [script], str(ROOT)))
    slicer.dicomDatabase.files.clear()
    yield open_panel(worker=worker)
    for path in handle.iterdir():
        path.unlink()


@pytest.fixture
def load(slicer, tmp_path):
    """Load a made film as Slicer's DICOM module does; elements of its header as arguments."""

    def load_one(**elements: Any) -> Any:
        path = tmp_path / "film.dcm"
        save_dx(make_dx((96, 80), **elements), path)
        slicer.dicomDatabase.insert(str(path))
        volume = slicer.util.loadVolume(str(path))
        volume.SetAttribute("DICOM.instanceUIDs", "2.25.102")
        return volume

    return load_one


def choose(panel: Any, name: str, text: str) -> None:
    combo = getattr(panel.ui, name)
    combo.currentIndex = next(index for index in range(combo.count) if text in combo.itemText(index))


def ready(panel: Any, film: Any) -> None:
    """Choose a film and write a note."""
    panel.ui.imageSelector.setCurrentNode(film)
    panel.write(NOTE)


def outline(panel: Any, film: Any) -> None:
    """Run on a made film: of noise, in which only a low threshold finds something."""
    ready(panel, film)
    panel.click("applyButton")
    panel.wait(lambda: panel.logic.running is None, 240)
    assert "Done in" in panel.ui.statusLabel.text, panel.ui.statusLabel.text
    panel.ui.thresholdSlider.value = 0.02


def masks(segmentation: Any, volume: Any) -> dict[str, np.ndarray]:
    return {one["name"]: one["mask"] for one in scene.describe_segments(segmentation, volume)}


def test_dicom_film_note_threshold_correction_database_and_back_by_the_plugin(panel, slicer, load, monkeypatch):
    film = load()
    outline(panel, film)
    assert "Outlined again from 0.02 on." in panel.ui.statusLabel.text
    assert "mm²" in panel.ui.resultLabel.text  # the header has a spacing
    segmentation = panel.logic.parameters.segmentation
    panel.ui.segmentEditor._object.paint(panel.logic.segments[0]["id"], 5, 7)
    assert "corrected" in panel.ui.resultLabel.text
    drawn = masks(segmentation, film)

    choose(panel, "exportCombo", "database")
    with monkeypatch.context() as closed:
        closed.setattr(slicer.dicomDatabase, "isOpen", False)
        panel.click("exportButton")
    assert panel.ui.statusLabel.text == "There is no DICOM database yet; open the module DICOM once."
    panel.click("exportButton")
    panel.wait(lambda: panel.logic.exporting is None, 240)
    assert panel.ui.statusLabel.text == "The segmentation is in the DICOM database, in the study of its radiograph."
    written = slicer.dicomDatabase.inserted[-1]
    assert pydicom.dcmread(written).StudyInstanceUID == "2.25.100"

    import CausalCLIPSegDICOM

    plugin = CausalCLIPSegDICOM.CausalCLIPSegDICOMPlugin()
    (loadable,) = plugin.examineForImport([[written]])
    assert plugin.load(loadable)
    back = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")[-1]
    assert back is not segmentation
    found = masks(back, film)
    assert set(found) == {name for name, mask in drawn.items() if mask.any()}
    assert all(np.array_equal(found[name], drawn[name]) for name in found)


def test_a_second_export_to_the_database_takes_the_place_of_the_first(panel, slicer, load):
    film = load()
    outline(panel, film)
    choose(panel, "exportCombo", "database")

    def into_the_database() -> str:
        panel.click("exportButton")
        panel.wait(lambda: panel.logic.exporting is None, 240)
        return panel.ui.statusLabel.text

    assert "in the study of its radiograph" in into_the_database()
    first = read_dicom_seg(slicer.dicomDatabase.inserted[-1])
    assert into_the_database() == "The outlines are the same as before, so there is nothing to write."
    segment = panel.logic.segments[0]
    panel.ui.segmentEditor._object.paint(segment["id"], 5, 7)
    panel.ui.thresholdSlider.value = 0.03
    drawn = masks(panel.logic.parameters.segmentation, film)
    assert into_the_database() == "The changed segmentation is in the DICOM database, in the series of the one before."
    second = read_dicom_seg(slicer.dicomDatabase.inserted[-1])
    assert (second.series_instance_uid, second.instance_number) == (first.series_instance_uid, 2)
    assert second.previous.sop_instance_uid == first.sop_instance_uid
    assert second.creator == "Anonymous"
    assert {one.label: one.algorithm_type for one in second.segments}[segment["name"]] == "SEMIAUTOMATIC"
    assert {one.algorithm.parameters["threshold"] for one in second.segments} == {"0.03"}
    assert all(np.array_equal(one.mask, drawn[one.label]) for one in second.segments)
    known = {one.label: one.tracking_uid for one in first.segments}
    assert all(known.get(one.label, one.tracking_uid) == one.tracking_uid for one in second.segments)

    import CausalCLIPSegDICOM

    plugin = CausalCLIPSegDICOM.CausalCLIPSegDICOMPlugin()  # its export goes on where the panel has ended
    panel.ui.segmentEditor._object.paint(segment["id"], 6, 7)
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    (exportable,) = plugin.examineForExport(hierarchy.GetItemByDataNode(panel.logic.parameters.segmentation))
    exportable.directory = str(Path(slicer.dicomDatabase.inserted[-1]).parent)
    assert plugin.export([exportable]) == ""
    third = read_dicom_seg(slicer.dicomDatabase.inserted[-1])
    assert third.previous.sop_instance_uid == second.sop_instance_uid
    assert [one.tracking_uid for one in third.segments] == [one.tracking_uid for one in second.segments]


def test_the_sample_is_outlined_and_exported_as_dicom_seg(panel, application, tmp_path):
    panel.click("sampleButton")
    panel.wait(lambda: panel.logic.understood is not None)
    shown = panel.ui.understoodLabel.text
    assert "Patient's right" in shown
    assert "Patient's left" in shown
    panel.click("applyButton")
    panel.wait(lambda: panel.logic.running is None, 240)
    assert "Done in" in panel.ui.statusLabel.text, panel.ui.statusLabel.text
    assert "not calibrated" in panel.ui.resultLabel.text  # its header has no spacing
    volume, segmentation = panel.logic.resultVolume(), panel.logic.parameters.segmentation
    assert len(panel.logic.segments) == 2
    panel.picture("sample")
    corrected = panel.logic.segments[0]
    panel.ui.segmentEditor._object.paint(corrected["id"], 5, 7)

    application.dialogs.answers.append(tmp_path / "findings.dcm")
    choose(panel, "exportCombo", "DICOM-SEG file")
    panel.click("exportButton")
    panel.wait(lambda: panel.logic.exporting is None, 240)
    assert "findings.dcm" in panel.ui.statusLabel.text, panel.ui.statusLabel.text
    written = {one.label: one for one in read_dicom_seg(tmp_path / "findings.dcm").segments}
    drawn = masks(segmentation, volume)
    assert set(written) == set(drawn)
    assert all(np.array_equal(written[name].mask, drawn[name]) for name in drawn)
    made = {name: one.algorithm_type for name, one in written.items()}
    assert made.pop(corrected["name"]) == "SEMIAUTOMATIC"
    assert set(made.values()) == {"AUTOMATIC"}


def test_segmentation_file_and_picture(panel, load, application, tmp_path):
    outline(panel, load())
    for kind, name in (("nrrd", "findings.seg.nrrd"), ("Picture", "findings.png")):
        choose(panel, "exportCombo", kind)
        application.dialogs.answers.append(tmp_path / name.split(".")[0])  # the ending comes by itself
        panel.click("exportButton")
        panel.wait(lambda: panel.logic.exporting is None, 240)
        assert panel.ui.statusLabel.text == f"Written: {tmp_path / name}"
    values, header = nrrd.read(str(tmp_path / "findings.seg.nrrd"))
    assert values.shape[-3:] == (80, 96, 1)
    assert header["Segment0_Name"] == panel.logic.segments[0]["name"]
    with Image.open(tmp_path / "findings.png") as picture:
        picture.load()


def test_cancel_in_mid_run_changes_nothing_and_keeps_the_worker(panel, load, handle, slicer):
    film = load()
    ready(panel, film)
    nodes = slicer.mrmlScene.GetNumberOfNodes()
    (handle / "hold").touch()
    panel.click("applyButton")
    panel.wait(lambda: panel.logic.runner.fraction > 0, 120)
    pid = panel.logic.worker.pid
    panel.click("applyButton")
    assert panel.ui.statusLabel.text == "Canceling; the phase that runs is finished first."
    (handle / "hold").unlink()
    panel.wait(lambda: panel.logic.running is None)
    assert panel.ui.statusLabel.text == "Canceled; nothing was changed."
    assert slicer.mrmlScene.GetNumberOfNodes() == nodes
    panel.click("applyButton")
    panel.wait(lambda: panel.logic.running is None, 120)
    assert "Done in" in panel.ui.statusLabel.text
    assert panel.logic.worker.pid == pid


def test_too_little_memory_on_the_graphics_card_is_said_with_the_result(panel, load, handle):
    ready(panel, load())
    (handle / "memory").touch()
    panel.click("applyButton")
    panel.wait(lambda: panel.logic.running is None, 120)
    assert "Done in" in panel.ui.statusLabel.text
    assert "CPU instead" in panel.ui.resultLabel.text


def test_a_film_that_is_marked_as_mirrored_is_asked_about(panel, load):
    film = load(PatientOrientation=["R", "F"])
    ready(panel, film)
    panel.click("applyButton")
    panel.wait(lambda: panel.logic.running is None, 120)
    assert "mirrored" in panel.ui.statusLabel.text
    assert "Say under Advanced whether the radiograph is mirrored" in panel.ui.statusLabel.text
    assert panel.logic.parameters.segmentation is None
    panel.ui.mirroredCombo.currentIndex = 2
    panel.wait(lambda: panel.ui.applyButton.enabled)
    assert "Patient's left</b> (left in the picture)" in panel.ui.understoodLabel.text
    panel.click("applyButton")
    panel.wait(lambda: panel.logic.running is None, 120)
    assert "Done in" in panel.ui.statusLabel.text


def test_a_worker_that_is_killed_in_mid_run_is_told_and_starts_again(panel, load, handle):
    ready(panel, load())
    (handle / "hold").touch()
    panel.click("applyButton")
    panel.wait(lambda: panel.logic.runner.fraction > 0, 120)
    os.kill(panel.logic.worker.pid, signal.SIGKILL)
    panel.wait(lambda: panel.logic.running is None)
    assert "ended unexpectedly" in panel.ui.statusLabel.text
    assert "Press Apply to start it again." in panel.ui.statusLabel.text
    (handle / "hold").unlink()
    panel.click("applyButton")
    panel.wait(lambda: panel.logic.running is None, 240)
    assert "Done in" in panel.ui.statusLabel.text

"""From an archive and back: a radiograph is found and opened, and its segmentation is stored."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from dicomweb_server import DicomWebServer, response
from page_viewer import PICTURE, Viewer
from pydicom import dcmread


def test_a_radiograph_comes_from_an_archive_and_its_segmentation_goes_there(
    viewer: Viewer, radiograph: Path, archive: DicomWebServer
) -> None:
    dataset = dcmread(radiograph)
    archive.instances[str(dataset.SOPInstanceUID)] = radiograph.read_bytes()
    page = viewer.page
    page.click("#archive")
    page.fill("#archive-patient", dataset.PatientID)
    page.keyboard.press("Enter")
    page.wait_for_selector("#archive-found button")
    viewer.screenshot("archive")
    page.click("#archive-found button")
    page.wait_for_selector(PICTURE)
    viewer.run("Opacity in the right lower zone.")

    archive.faults = [response(503)]
    page.click("#stores button")
    sentence = viewer.message()
    assert sentence.endswith(".")
    assert "was stored" not in sentence
    page.click("#stores button")
    viewer.wait("document.querySelector('#message-text').textContent.includes('was stored in ward')")
    stored = [dcmread(BytesIO(data)) for data in archive.instances.values()]
    assert [each.Modality for each in stored][1:] == ["SEG"]
    assert viewer.segments()["infection_right"].sum() == stored[1].pixel_array.sum()

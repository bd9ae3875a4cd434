"""From an archive and back: a radiograph is found and opened, and its segmentation is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest
from dicomweb_server import DicomWebServer, response, running_dicomweb_server
from page_viewer import PICTURE, Server, Viewer
from pydicom import dcmread


@pytest.fixture
def archive() -> Iterator[DicomWebServer]:
    with running_dicomweb_server() as archive:
        yield archive


@pytest.fixture
def server_with_archive(archive: DicomWebServer, tmp_path: Path) -> Iterator[Server]:
    configuration = tmp_path / "pacs.toml"
    configuration.write_text(f'[archives.ward]\nurl = "{archive.url}"\ntimeout = 5\nretries = 0\n')
    configuration.chmod(0o600)
    server = Server(environment={"CAUSALCLIPSEG_PACS_CONFIG": str(configuration)})
    yield server
    server.stop()


def test_a_radiograph_comes_from_an_archive_and_its_segmentation_goes_there(
    new_viewer: Callable[..., Viewer], radiograph: Path, archive: DicomWebServer, server_with_archive: Server
) -> None:
    dataset = dcmread(radiograph)
    archive.instances[str(dataset.SOPInstanceUID)] = radiograph.read_bytes()
    viewer = new_viewer(server_with_archive).open()
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

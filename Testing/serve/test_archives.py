"""Radiographs from an archive of the server's configuration, and segmentations into it."""

from __future__ import annotations

import io

import numpy as np
import pytest
from dicomweb_server import response, running_dicomweb_server
from pydicom import dcmread


@pytest.fixture
def archive(dx_image, monkeypatch, tmp_path):
    """An archive named "research" that holds the DICOM radiograph."""
    with running_dicomweb_server() as archive:
        archive.instances["2.25.102"] = dx_image
        configuration = tmp_path / "pacs.toml"
        configuration.write_text(f'[archives.research]\nurl = "{archive.url}"\nretries = 0\n')
        monkeypatch.setenv("CAUSALCLIPSEG_PACS_CONFIG", str(configuration))
        yield archive


def _open(server, session, **image):
    return server.ask("POST", f"{session}/radiograph", json={"pacs": {"archive": "research", **image}})


def test_from_the_archive_and_back(server, archive):
    assert server.ask("GET", "server").json["pacs"] == ["research"]
    found = server.ask("POST", "pacs/research/images", json={"patient": "1"}).json
    (image,) = found["images"]
    assert (found["more"], image["patient_id"], image["modality"]) == (False, "1", "DX")
    uids = {name: image[name] for name in ("study", "series", "instance")}
    session = server.open_session()
    assert _open(server, session, **uids).json["calibrated"]
    run = server.start_run(session, threshold=0.01)
    server.wait(run)
    mask = np.eye(48, 40, dtype=np.uint8).tobytes()
    server.ask("PUT", f"{run}/masks/infection_right", data=mask, headers={"Content-Type": "application/octet-stream"})
    stored = server.ask("POST", f"{run}/pacs", json={"archive": "research"}).json["stored"]
    assert [each["status"] for each in stored] == ["stored", "stored"]
    objects = [dcmread(io.BytesIO(archive.instances[each["instance"]])) for each in stored]
    assert [each.InstanceNumber for each in objects] == [1, 2], "what the network found, and the correction"
    assert len({each.SeriesInstanceUID for each in objects}) == 1
    again = server.ask("POST", f"{run}/pacs", json={"archive": "research"}).json["stored"]
    assert [each["status"] for each in again] == ["already there", "already there"]
    assert all("Doe" not in path for _, path, _ in archive.requests)


def test_an_archive_that_refuses_is_one_sentence(server, archive):
    archive.faults = [response(401)] * 9
    for answer in (
        server.ask("POST", "pacs/research/images", json={"patient": "1"}),
        _open(server, server.open_session(), study="1.2", series="1.3", instance="1.4"),
    ):
        assert (answer.status, answer.error) == (502, "pacs.failed")
        assert answer.json["error"]["message"].endswith(".")


@pytest.mark.parametrize("asked", [{}, {"patient": "*"}, {"patient": ""}, {"date": "soon"}, {"study": "../x"}])
def test_a_query_needs_a_condition(server, archive, asked):
    answer = server.ask("POST", "pacs/research/images", json=asked)
    assert answer.error in {"pacs.failed", "request.invalid"}
    assert not archive.requests

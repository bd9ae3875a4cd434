"""Storing and fetching by DICOMweb while the archive or the connection fails; nothing confidential is logged."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from dicomweb_server import Handler, Response, Truncated, correct, multipart, response, stow_response
from pydicom import dcmread
from pydicom.data import get_testdata_file

from CausalCLIPSegLib.cli import app  # noqa: F401  (its consoles must exist before a test captures output)
from CausalCLIPSegLib.pacs.configuration import TOKEN

HEADER = dcmread(str(get_testdata_file("CT_small.dcm", download=False)), stop_before_pixels=True)
STUDY, PATIENT = str(HEADER.StudyInstanceUID), str(HEADER.PatientID)
SECRET = "s3cret-of-the-ward"


def test_push_continues_after_a_failed_store_and_completes_when_repeated(server, pacs, three_instances):
    server.faults = [correct, correct, correct, response(503)]  # query, store, query, store
    result = pacs("push", three_instances, "--json")
    assert result.status == 3
    assert result.statuses == ["stored", "failed", "stored"]
    assert "503" in result.lines[1]["reason"]
    assert server.number_of_posts == 3, "a store is not retried"
    server.requests.clear()
    again = pacs("push", three_instances, "--json")
    assert again.status == 0
    assert again.statuses == ["already there", "stored", "already there"]
    assert server.number_of_posts == 1
    assert len(server.instances) == 3


@pytest.mark.parametrize(
    ("answer", "status", "reason"),
    [
        (stow_response(warned={"1.2.3.1": 0xB000}), "stored", "changed some of its attributes (warning 0xB000)"),
        (stow_response(failed={"1.2.3.1": 0x0122}), "refused", "does not accept its class"),
        (stow_response(failed={"1.2.3.1": 0x0111}), "already there", ""),
        (Response(413, "text/plain", b""), "refused", "413"),
        (Response(200, "text/plain", b""), "failed", "does not confirm that it has the instance"),
    ],
    ids=["warning", "failure", "duplicate", "HTTP error", "success that does not name the instance"],
)
def test_push_explains_the_answer_of_the_archive(answer, status, reason, server, pacs, three_instances):
    server.faults = [correct, lambda _: answer]
    result = pacs("push", three_instances / "1.dcm", "--json")
    assert result.statuses == [status]
    assert reason in result.lines[0].get("reason", "")


def test_push_gives_up_on_an_unreachable_archive(server, pacs, three_instances):
    server.faults = [response(503)] * 99
    assert pacs("push", three_instances, "--json").statuses == ["failed", "failed", "not tried"]


def test_push_reports_files_that_cannot_be_sent_and_stores_the_others(server, pacs, three_instances, tmp_path):
    (three_instances / "2.dcm").write_bytes((three_instances / "1.dcm").read_bytes()[:-2000])
    (tmp_path / "text.txt").write_text("no DICOM")
    result = pacs("push", three_instances, tmp_path / "text.txt", "--json")
    assert result.status == 3
    assert result.statuses == ["stored", "failed", "stored", "failed"]


def test_push_rejects_a_missing_file_and_a_folder_without_dicom(server, pacs, tmp_path):
    assert pacs("push", tmp_path / "missing.dcm").status == 2
    (tmp_path / "empty").mkdir()
    assert "no DICOM file" in pacs("push", tmp_path / "empty").err


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: multipart(data[:-2000]),
        lambda data: multipart(data, end=b""),
        lambda data: multipart(data.replace(b"1.2.3.1", b"1.2.3.9")),
        lambda data: Response(200, "application/dicom", b""),
        lambda data: Response(200, "text/html", b"<html>"),
        lambda data: Response(404, "text/plain", b""),
    ],
    ids=["truncated pixels", "no closing delimiter", "another instance", "empty", "html", "not found"],
)
def test_pull_does_not_write_a_damaged_file(damage, server, pacs, three_instances, tmp_path):
    assert pacs("push", three_instances / "1.dcm").status == 0
    damaged = damage(server.instances["1.2.3.1"])
    server.faults = [lambda handler: damaged if handler.last_path_segment == "1.2.3.1" else correct(handler)] * 20
    folder = tmp_path / "pulled"
    result = pacs("pull", "--study", STUDY, "--output", folder, "--json")
    assert result.statuses == ["failed"], result.err
    assert result.status == 3
    assert list(folder.iterdir()) == []
    server.faults = []
    assert pacs("pull", "--study", STUDY, "--output", folder, "--json").statuses == ["fetched"]
    assert (folder / "CT.1.2.3.1.dcm").read_bytes() == server.instances["1.2.3.1"]


def test_ignores_matches_that_do_not_fulfill_the_query(server, pacs, three_instances):
    """The test server answers every query with all its instances."""
    assert pacs("push", three_instances).status == 0
    no_match = pacs("find", "--patient-id", "someone else", "--level", "instance", "--json")
    assert no_match.status == 0
    assert no_match.lines == []
    arguments = ("--patient-id", PATIENT, "--instance", "1.2.3.2", "--level", "instance", "--json")
    assert [line["instance"] for line in pacs("find", *arguments).lines] == ["1.2.3.2"]


def test_an_interrupted_pull_leaves_only_complete_files(server, pacs, three_instances, tmp_path):
    assert pacs("push", three_instances).status == 0
    data = server.instances["1.2.3.2"]
    header = f"HTTP/1.1 200 OK\r\nContent-Type: application/dicom\r\nContent-Length: {len(data)}\r\n\r\n"
    stall = Truncated(header.encode() + data[:5000], stalls=True)

    def stall_at_the_second(handler: Handler) -> Response | None:
        return stall(handler) if handler.last_path_segment == "1.2.3.2" else correct(handler)

    server.faults = [stall_at_the_second] * 20
    folder = tmp_path / "pulled"
    process = subprocess.Popen(
        [sys.executable, "-m", "CausalCLIPSegLib.cli", "pacs", "pull", "--study", STUDY, "--output", folder],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        # A shell starts background processes with SIGINT ignored, and this process would inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert stall.sent.wait(60)
    process.send_signal(signal.SIGINT)
    message = process.communicate(timeout=60)[1]
    stall.resume.set()
    assert process.returncode == 130, message
    assert "Traceback" not in message
    assert "1 fetched" in message
    assert [file.name for file in folder.iterdir()] == ["CT.1.2.3.1.dcm"]
    assert (folder / "CT.1.2.3.1.dcm").read_bytes() == server.instances["1.2.3.1"]


def test_logs_neither_secrets_nor_patient_data(server, pacs, three_instances, caplog, monkeypatch):
    monkeypatch.setenv(TOKEN, SECRET)
    caplog.set_level(logging.DEBUG)
    runs = [
        pacs("push", three_instances),
        pacs("find", "--patient-id", PATIENT, "--json"),
        pacs("find", "--patient-name", "Vertraulich^Vera"),
    ]
    for fault in (response(401), response(400), response(200, b"<html>"), Truncated(b"HTTP/1.1 200 OK", stalls=False)):
        server.faults = [fault] * 9
        runs.append(pacs("find", "--patient-name", "Vertraulich^Vera"))
    log = caplog.text + "".join(run.err for run in runs)
    assert SECRET not in log
    assert "Vertraulich" not in log
    assert PATIENT not in log
    assert server.url not in caplog.text


def test_help_does_not_import_large_libraries():
    code = "import sys, CausalCLIPSegLib.cli.application; print(sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    for name in ("pynetdicom", "dicomweb_client", "requests", "pydicom", "torch"):
        assert f"'{name}'" not in loaded

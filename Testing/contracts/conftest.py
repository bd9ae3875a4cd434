"""Real runs of the command and of the worker, and their comparison with the golden files.

Use only names that never change here: see README.md.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, uid
from pydicom.dataset import FileMetaDataset

from CausalCLIPSegLib.about import __version__

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parent / "golden"
UPDATE = os.environ.get("CAUSALCLIPSEG_UPDATE_CONTRACTS") == "1"
TIMEOUT = 300
"""Seconds after which a process is stopped and its test fails."""
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "COLUMNS": "80", "TERM": "dumb"}
NOTE = "Consolidation in the right lower zone and in the left upper zone. No effusion."
THRESHOLD = 0.01
"""So low that every pixel reaches it with any weights, so masks and areas are the same on every machine."""

PROSE = {"message", "phase", "summary", "warnings", "disagreements", "reason", "questions", "sentence", "worth"}
"""Keys whose values are sentences for people; their wording is not part of the contract."""


def _masked(value: Any, key: str = "", folder: str = "/dev/null") -> Any:
    """Return a JSON value with a placeholder for whatever differs between machines, runs and wordings."""
    if key in PROSE:
        return [f"<{key}>"] if isinstance(value, list) and value else f"<{key}>" if value else value
    if key == "checkpoints":  # of the installed cards, only keys and types are frozen
        return [{name: f"<{type(item).__name__}>" for name, item in value[0].items()}]
    if key == "seconds":
        return dict.fromkeys(value, "<seconds>")
    if key == "texts":  # ids and the names of their arguments are frozen
        return {name: _masked(item, "", folder) for name, item in value.items()}
    if key == "arguments" and isinstance(value, dict):
        return {name: _masked(item) if isinstance(item, dict) else "<argument>" for name, item in value.items()}
    if key in {"pid", "sha256", "devices", "highest_probability", "low", "high"}:
        return f"<{key}>"
    if isinstance(value, dict):
        return {name: _masked(item, name, folder) for name, item in value.items()}
    if isinstance(value, list):
        return [_masked(item, "", folder) for item in value]
    if isinstance(value, float):
        return round(value, 6)
    if value == __version__:
        return "<version>"
    return value.replace(folder, "<folder>") if isinstance(value, str) else value


def _differences(golden: Any, now: Any, place: str = "") -> Iterator[str]:
    """Yield each breach of the contract. Keys may be added to an object; nothing else may change."""
    if isinstance(golden, dict) and isinstance(now, dict):
        if [key for key in now if key in golden] != list(golden):
            yield f"{place or '/'}: the keys were {list(golden)}, now {list(now)}"
        for key in golden.keys() & now.keys():
            yield from _differences(golden[key], now[key], f"{place}/{key}")
    elif isinstance(golden, list) and isinstance(now, list) and len(golden) == len(now):
        for number, (old, new) in enumerate(zip(golden, now, strict=True)):
            yield from _differences(old, new, f"{place}/{number}")
    elif type(golden) is not type(now) or golden != now:
        yield f"{place}: was {golden!r}, now {now!r}"


class Golden:
    """The golden files. CAUSALCLIPSEG_UPDATE_CONTRACTS=1 rewrites them instead of comparing."""

    @staticmethod
    def check_text(name: str, now: str, *, may_add: bool = False) -> None:
        """Compare a text line by line; with `may_add`, lines may be added anywhere."""
        if UPDATE:
            (GOLDEN / name).write_text(now, encoding="utf-8")
        golden = (GOLDEN / name).read_text(encoding="utf-8").splitlines()
        assert [line for line in now.splitlines() if not may_add or line in golden] == golden

    @staticmethod
    def check_json(name: str, now: Any, folder: Path | None = None) -> None:
        """Compare JSON; a .jsonl file holds a list, one element per line."""
        now = _masked(json.loads(json.dumps(now)), folder=str(folder))
        lines = name.endswith(".jsonl")
        if UPDATE:
            texts = [json.dumps(each, ensure_ascii=False) for each in now] if lines else [json.dumps(now, indent=2)]
            (GOLDEN / name).write_text("\n".join(texts) + "\n", encoding="utf-8")
        text = (GOLDEN / name).read_text(encoding="utf-8")
        golden = [json.loads(line) for line in text.splitlines()] if lines else json.loads(text)
        assert not (differences := list(_differences(golden, now))), "\n".join(differences)


@pytest.fixture(scope="session")
def golden() -> Golden:
    return Golden()


def _run(arguments: list[str | Path], folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "CausalCLIPSegLib.cli", *map(str, arguments)]
    return subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, timeout=TIMEOUT)


@pytest.fixture(scope="session")
def dicom_image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DX image, 96 rows x 80 columns, 12 bit, with fixed identifiers."""
    image = Dataset()
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    image.SpecificCharacterSet = "ISO_IR 192"
    image.SOPClassUID = uid.DigitalXRayImageStorageForPresentation
    image.StudyInstanceUID, image.SeriesInstanceUID, image.SOPInstanceUID = (f"2.25.10{n}" for n in range(3))
    image.file_meta.MediaStorageSOPClassUID = image.SOPClassUID
    image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
    image.PatientName, image.PatientID, image.PatientBirthDate, image.PatientSex = "Doe^Jane", "1", "19700101", "F"
    image.StudyDate, image.StudyTime, image.StudyID, image.AccessionNumber = "20200101", "120000", "1", "2"
    image.ReferringPhysicianName, image.Modality = "", "DX"
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.Rows, image.Columns = 96, 80
    image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 16, 12, 11, 0
    image.PixelSpacing = [0.2, 0.15]
    image.PixelData = np.random.default_rng(0).integers(0, 4096, (96, 80)).astype(np.uint16).tobytes()
    path = tmp_path_factory.mktemp("image") / "image.dcm"
    image.save_as(path, enforce_file_format=True)
    return path


@pytest.fixture(scope="session")
def segment_run(dicom_image: Path, tiny_checkpoint_to_read: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that `causalclipseg segment` writes."""
    folder = tmp_path_factory.mktemp("segment")
    options = ["--note", NOTE, "--threshold", THRESHOLD, "--device", "cpu", "--checkpoint", tiny_checkpoint_to_read]
    run = _run(["segment", dicom_image, *options, "--output", folder / "out"], folder)
    assert run.returncode == 0, run.stderr
    return folder / "out"


@pytest.fixture(scope="session")
def batch_run(dicom_image: Path, tiny_checkpoint_to_read: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that `causalclipseg batch` writes for an image, one without a finding, and one that is damaged."""
    folder = tmp_path_factory.mktemp("batch")
    (folder / "in").mkdir()
    for name, content, note in (
        ("a", dicom_image.read_bytes(), NOTE),
        ("b", dicom_image.read_bytes(), "Lungs are clear."),
        ("c", b"not an image", NOTE),
    ):
        (folder / "in" / f"{name}.dcm").write_bytes(content)
        (folder / "in" / f"{name}.txt").write_text(note)
    options = ["--threshold", THRESHOLD, "--device", "cpu", "--checkpoint", tiny_checkpoint_to_read]
    run = _run(["batch", folder / "in", *options, "--output", folder / "out"], folder)
    assert run.returncode == 3, run.stderr  # some were refused
    return folder / "out"


class Conversation:
    """A worker process that gets one request at a time. `lines` holds requests and events in the order of arrival."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.lines: list[dict[str, Any]] = []

    def wait_for(self, ends: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        for line in self._process.stdout:
            self.lines.append(json.loads(line))
            if ends(self.lines[-1]):
                return self.lines[-1]
        raise AssertionError("the worker ended")

    def ask(self, **request: Any) -> dict[str, Any]:
        """Send a request; return the event that ends it."""
        self.lines.append(request)
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return self.wait_for(lambda event: event["event"] in {"result", "error", "cancelled"})


@pytest.fixture
def conversation(tmp_path: Path) -> Iterator[Conversation]:
    command = [sys.executable, "-m", "CausalCLIPSegLib.worker"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, cwd=tmp_path, env=ENVIRONMENT, text=True, **pipes) as process:
        stop = threading.Timer(TIMEOUT, process.kill)
        stop.start()
        yield Conversation(process)
        stop.cancel()
        process.kill()


_MASKED_KEYWORDS = re.compile(
    r"(InstanceCreation|Series|Content|Contribution)(Date|Time|DateTime)|SoftwareVersions|Implementation\w+"
    r"|DeviceSerialNumber|FileMetaInformation\w+"
)


def _dump(dataset: Dataset, uids: dict[str, str], indent: str = "") -> Iterator[str]:
    """Yield a line for each element. UIDs other than those of the image become UID-1, UID-2 and so on."""
    for element in dataset:
        head = f"{indent}{element.tag} {element.VR} {element.keyword}:"
        if element.VR == "SQ":
            yield head
            for number, item in enumerate(element.value, 1):
                yield f"{indent}  item {number}"
                yield from _dump(item, uids, indent + "    ")
        elif _MASKED_KEYWORDS.fullmatch(element.keyword):
            yield f"{head} <{element.keyword}>"
        elif element.VR == "UI" and not element.value.name.endswith("Storage") and element.value.is_private:
            is_of_image = str(element.value).startswith("2.25.10") and len(element.value) < 9
            yield f"{head} {element.value if is_of_image else uids.setdefault(element.value, f'UID-{len(uids) + 1}')}"
        elif element.keyword == "AlgorithmParameters":
            yield f"{head} {json.dumps(_masked_parameters(element.value), ensure_ascii=False)}"
        elif isinstance(element.value, bytes):
            yield f"{head} {len(element.value)} bytes"
        else:
            yield f"{head} {element.repval if element.VR == 'UI' else element.value}"


@pytest.fixture(scope="session")
def dump() -> Callable[..., Iterator[str]]:
    return _dump


def _masked_parameters(text: str) -> dict[str, str]:
    masks = {"checkpoint_sha256": "<sha256>", "program_version": "<version>"}
    return {name: masks.get(name, value) for name, value in json.loads(text).items()}

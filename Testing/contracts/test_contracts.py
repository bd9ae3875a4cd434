"""What other programs rely on, compared with the golden files: see README.md."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any, get_args

import nrrd
import numpy as np
import pytest
import typer
from pydicom import Dataset, dcmread
from typer.testing import CliRunner

from CausalCLIPSegLib import __version__

ROOT = Path(__file__).parents[2]

# -- the command line -------------------------------------------------------------------------------------------------


def _program(name: str) -> tuple[str, typer.Typer]:
    """Return how a person starts the program, and its commands."""
    if name == "causalclipseg":
        from CausalCLIPSegLib.cli import app
    else:
        from training.__main__ import app
    return ("causalclipseg" if name == "causalclipseg" else "python -m training"), app


def _commands(command: Any, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    found = {path: command}
    for name, part in getattr(command, "commands", {}).items():
        found |= _commands(part, (*path, name))
    return found


def _structure(command: Any) -> dict[str, Any]:
    """Return arguments in their order, options by name. The name of an argument is only a word in the help."""
    arguments, options = [], {}
    for parameter in command.params:
        kind = parameter.type_descriptor.annotation
        described = {
            "type": getattr(kind, "__name__", str(kind)),
            "choices": [str(choice) for choice in get_args(kind)],
            "default": None if parameter.default is None else str(parameter.default).replace(str(ROOT), "<root>"),
            "required": parameter.required,
            "multiple": parameter.multiple,
            "values": parameter.nargs,
        }
        if parameter.opts[0].startswith("-"):
            also = [*parameter.opts[1:], *parameter.secondary_opts]
            options[parameter.opts[0]] = {**described, "is_flag": parameter.is_flag, "also": also}
        else:
            arguments.append(described)
    return {"arguments": arguments, "options": dict(sorted(options.items()))}


@pytest.mark.parametrize("name", ["causalclipseg", "training"])
def test_help(golden, name):
    title, app = _program(name)
    for path in _commands(typer.main.get_command(app)):
        if path == ("fit",):
            continue  # Lightning's own command line
        run = CliRunner().invoke(app, [*path, "--help"], prog_name=title, terminal_width=80, color=False)
        assert run.exit_code == 0, path
        # the lines break elsewhere if the path of the repository is shorter
        text = re.sub(rf"\[default:\s+{re.escape(str(ROOT))}", "[default: <root>", run.stdout)
        golden.check_text(f"help/{'-'.join((name, *path))}.txt", text)


def test_commands_and_options(golden):
    tree = {}
    for name in ("causalclipseg", "training"):
        title, app = _program(name)
        commands = _commands(typer.main.get_command(app))
        tree |= {" ".join((title, *path)): _structure(command) for path, command in sorted(commands.items())}
    golden.check_json("commands.json", tree)


@pytest.mark.parametrize(
    "command",
    [
        [str(Path(sys.executable).with_name("causalclipseg"))],
        [sys.executable, "-m", "CausalCLIPSegLib.cli"],
    ],
    ids=["script", "module"],
)
def test_the_command_starts(command):
    run = subprocess.run([*command, "--version"], capture_output=True, text=True, cwd=ROOT)
    assert (run.returncode, run.stdout.strip()) == (0, __version__)


# -- files ------------------------------------------------------------------------------------------------------------


def test_result_json(golden, segment_run):
    assert sorted(path.name for path in segment_run.iterdir()) == sorted(
        ["overlay.png", "result.json", "segmentation.dcm", "segmentation.seg.nrrd"]
    )
    golden.check_json("result.json", json.loads((segment_run / "result.json").read_text(encoding="utf-8")))


def test_films_csv(golden, batch_run):
    with (batch_run / "films.csv").open(encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file)
    golden.check_text("films_csv_header.txt", "\n".join(header) + "\n", may_add=True)
    assert [dict(zip(header, row, strict=True))["status"] for row in rows] == ["outlined", "no finding", "refused"]


def test_segmentation_dcm(golden, segment_run, dump):
    file = dcmread(segment_run / "segmentation.dcm")
    uids: dict[str, str] = {}
    golden.check_text("segmentation_dcm.txt", "\n".join([*dump(file.file_meta, uids), *dump(file, uids)]) + "\n")


def test_segmentation_seg_nrrd(golden, segment_run):
    header = nrrd.read_header(str(segment_run / "segmentation.seg.nrrd"))
    lines = []
    for key, value in header.items():
        text = str(np.asarray(value).tolist()) if isinstance(value, np.ndarray) else str(value)
        text = re.sub(r"(CheckpointSHA256:)[0-9a-f]{64}", r"\1<sha256>", text)
        text = re.sub(r"(TrackingUID:)2[.]25[.][0-9]+", r"\1<uid>", text)
        lines.append(f"{key}: {text}")
    golden.check_text("seg_nrrd_tags.txt", "\n".join(lines) + "\n")


# -- derived identifiers ----------------------------------------------------------------------------------------------


def _derived(*sources: str) -> str:
    return f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, chr(0).join(sources)).int}"


def _tracking(file: Dataset) -> dict[str, str]:
    return {segment.TrackingID: segment.TrackingUID for segment in file.SegmentSequence}


def test_derived_uids_come_of_the_image_the_weights_and_the_segment(segment_run, batch_run):
    document = json.loads((segment_run / "result.json").read_text(encoding="utf-8"))
    image, weights = document["source"]["sop_instance_uid"], document["checkpoint"]["sha256"]
    file, again = dcmread(segment_run / "segmentation.dcm"), dcmread(batch_run / "a" / "segmentation.dcm")
    expected = {part["id"]: _derived(image, weights, part["id"]) for part in document["segments"]}
    assert list(expected) == ["infection_right", "infection_left"]
    assert _tracking(file) == _tracking(again) == expected
    assert file.FrameOfReferenceUID == again.FrameOfReferenceUID == _derived(image, "frame of reference")
    tags = nrrd.read_header(str(segment_run / "segmentation.seg.nrrd"))
    assert f"CausalCLIPSeg.TrackingUID:{expected['infection_right']}|" in tags["Segment0_Tags"]


# -- the worker -------------------------------------------------------------------------------------------------------


def test_worker_conversation(golden, conversation, dicom_image, tiny_checkpoint_to_read, tmp_path):
    note = "Consolidation in the right lower zone and in the left upper zone. No effusion."
    image = {"kind": "file", "path": str(tmp_path / "image.dcm")}
    checkpoint = str(tmp_path / "checkpoint")
    (tmp_path / "image.dcm").write_bytes(dicom_image.read_bytes())
    (tmp_path / "checkpoint").symlink_to(tiny_checkpoint_to_read)
    ask = conversation.ask
    # once the libraries are loaded, every event answers the request before it
    conversation.wait_for(lambda event: event["event"] == "progress" and event["fraction"] == 1)
    ask(id="h", request="hello")
    ask(id="n", request="note", text=note, checkpoint=checkpoint)
    ask(id="n2", request="note", text="Lungs are clear.", mirrored=True)
    about = {"image": image, "note": note}
    options = {"threshold": 0.01, "checkpoint": checkpoint, "device": "cpu", "output": str(tmp_path / "s")}
    result = ask(id="s", request="segment", **about, **options)
    found = {"probability": result["probability"], "threshold": 0.02}
    ask(id="t", request="threshold", **found, spacing=result["spacing"], output=str(tmp_path / "t"))
    ask(id="c", request="cancel", target="unknown")
    segments = [
        {key: part[key] for key in ("id", "name", "kind", "side", "color", "mask")} for part in result["segments"]
    ]
    prompt = {key: result["understood"][key] for key in ("prompt", "prompt_laterality")}
    ask(
        **{"id": "e", "request": "export", **about, **prompt, **found},
        segments=segments,
        formats=["dicom-seg", "seg-nrrd", "picture"],
        provenance=result["provenance"],
        output=str(tmp_path / "e"),
    )
    ask(id="m", request="dance")
    ask(
        id="x",
        request="segment",
        **{**about, "image": {"kind": "file", "path": str(tmp_path / "missing.dcm")}},
        **options,
    )
    ask(id="q", request="shutdown")
    golden.check_json("worker_conversation.jsonl", conversation.lines, tmp_path)


# -- Python -----------------------------------------------------------------------------------------------------------


def test_radiograph_and_segmenter_from_python(segment_run, dicom_image, tiny_checkpoint_to_read):
    from CausalCLIPSegLib.radiograph import read_radiograph
    from CausalCLIPSegLib.segmenter import Segmenter

    document = json.loads((segment_run / "result.json").read_text(encoding="utf-8"))
    segmenter = Segmenter.from_checkpoint(str(tiny_checkpoint_to_read), "cpu")
    result = segmenter.segment(read_radiograph(dicom_image), document["note"], threshold=document["threshold"])
    assert result.prompt == document["prompt"]
    assert [part.identifier for part in result.segments] == [part["id"] for part in document["segments"]]

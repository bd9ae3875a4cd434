"""The worker's protocol with a few lines in the place of the network: quick, and slow or broken where a note says so.

The note "slow" makes the run wait until it is cancelled, "stuck" makes it wait for ever, "crash" ends the process in
the middle of it, "memory" warns as a run does that falls back to the processor, "turned" asks whether the film is
mirrored. What a note means is read by the library itself. The result names the checkpoint and the device asked for.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np

from CausalCLIPSegLib.errors import CausalCLIPSegError
from CausalCLIPSegLib.mask.sides import split_by_side
from CausalCLIPSegLib.notes import choose_side, describe_expression, parse_note, to_prompt
from CausalCLIPSegLib.worker import protocol

LOCK = threading.Lock()
CANCELLED: dict[str, threading.Event] = {}
COLORS = {"right": (0.90, 0.62, 0.00), "left": (0.34, 0.71, 0.91)}
SIDES = {"right": ("24028007", "Right"), "left": ("7771000", "Left")}
CARDS = [
    protocol.CheckpointDocument(
        **{"name": name, "laterality": "viewer", "threshold": 0.5, "limits": []},
        **dict.fromkeys(("version", "summary", "finding", "intended_use", "licence"), ""),
    )
    for name in ("first", "second")
]


def code(value: str, scheme: str, meaning: str) -> protocol.CodeDocument:
    return protocol.CodeDocument(value=value, scheme=scheme, meaning=meaning)


def send(event: Any) -> None:
    with LOCK:
        print(event.model_dump_json(), flush=True)


def understand(request: Any) -> protocol.Understood:
    expression = parse_note(request.note if request.request == "segment" else request.text, request.laterality)
    if request.side is not None:
        expression = choose_side(expression, request.side)
    facts = expression.to_dict()
    return protocol.Understood(
        **{
            key: facts[key] for key in ("sides", "zones", "whole", "weak", "count", "findings", "ignored", "questions")
        },
        sides_viewer=["left" if side == "right" else "right" for side in expression.sides],
        prompt=to_prompt(expression, "viewer") if expression.sides else None,
        prompt_laterality="viewer",
        summary=describe_expression(expression),
        details=facts,
    )


def segment(request: protocol.SegmentRequest) -> None:
    stop = CANCELLED[request.id]
    send(protocol.ProgressEvent(id=request.id, phase="Looking at the radiograph", fraction=0.5))
    if "crash" in request.note:
        os._exit(9)
    if "stuck" in request.note:
        threading.Event().wait()
    if "slow" in request.note:
        stop.wait()
    if "turned" in request.note and request.mirrored is None:
        send(protocol.ErrorEvent(id=request.id, kind="mirrored", message="The radiograph is marked as mirrored."))
        return
    if "memory" in request.note:
        send(
            protocol.WarningEvent(
                id=request.id, message="Too little memory on the graphics card; the processor did it."
            )
        )
    if stop.is_set():
        send(protocol.CancelledEvent(id=request.id))
        return
    understood = understand(request)
    film = np.load(request.image.path)
    rows, columns = film.shape[:2]
    probability = np.full((rows, columns), 0.05, np.float32)
    wide = max(columns // 4, 1)
    for side, first in (("right", columns // 8), ("left", columns - columns // 8 - wide)):
        strength = 0.9 if side in understood.sides else 0.3
        probability[rows // 3 : 2 * rows // 3, first : first + wide] = np.linspace(
            strength, 0.1, wide, dtype=np.float32
        )
    threshold = request.threshold or 0.5
    folder = request.output
    folder.mkdir(parents=True, exist_ok=True)
    for name, values in (
        ("probability", probability),
        ("causal_attention", probability.astype(np.float16)),
        ("confounder_attention", (1 - probability).astype(np.float16)),
    ):
        np.save(folder / f"{name}.npy", values)
    possible, segments = [], []
    for side, mask in split_by_side(probability >= threshold, mirrored=False).items():
        value, meaning = SIDES[side]
        one = protocol.PossibleSegment(
            id=f"opacity_{side}",
            name=f"Opacity, {side} lung",
            kind="opacity",
            side=side,
            side_viewer="left" if side == "right" else "right",
            color=COLORS[side],
            terminology=protocol.Terminology(
                context="Chest radiograph findings",
                category=code("49755003", "SCT", "Morphologically Altered Structure"),
                type=protocol.CodeDocument(value="112001", scheme="DCM", meaning="Opacity"),
                region=protocol.CodeDocument(value="39607008", scheme="SCT", meaning="Lung"),
                region_modifier=protocol.CodeDocument(value=value, scheme="SCT", meaning=meaning),
            ),
        )
        possible.append(one)
        if mask.any():
            np.save(folder / f"mask_{side}.npy", mask)
            area = request.image.spacing
            segments.append(
                protocol.SegmentDocument(
                    **one.model_dump(),
                    area_mm2=None if area is None else float(mask.sum()) * area[0] * area[1],
                    area_fraction=float(mask.mean()),
                    components=1,
                    mask=folder / f"mask_{side}.npy",
                )
            )
    send(
        protocol.SegmentResult(
            id=request.id,
            understood=understood,
            rows=rows,
            columns=columns,
            spacing=request.image.spacing,
            mirrored=False,
            segments=segments,
            possible=possible,
            threshold=threshold,
            area_mm2=None,
            area_fraction=float((probability >= threshold).mean()),
            probability=folder / "probability.npy",
            causal_attention=folder / "causal_attention.npy",
            confounder_attention=folder / "confounder_attention.npy",
            provenance=protocol.Provenance(
                checkpoint=protocol.CheckpointUsed(name=request.checkpoint, version="0", sha256="ab" * 32),
                device="cuda" if request.device == "cuda" else "cpu",
                version="0",
                seconds={},
            ),
            warnings=[],
            sop_instance_uid=None,
        )
    )


def export(request: protocol.ExportRequest) -> None:
    """Write what was asked for as text: which segments, with how many pixels."""
    request.output.mkdir(parents=True)
    names = {"dicom-seg": "segmentation.dcm", "seg-nrrd": "segmentation.seg.nrrd", "picture": "overlay.png"}
    files: dict[Any, Path] = {}
    for kind in request.formats:
        path = request.output / names[kind]
        pixels = {one.name: [int(np.load(one.mask).sum()), one.corrected] for one in request.segments}
        path.write_text(json.dumps({"note": request.note, "segments": pixels}), encoding="utf-8")
        files[kind] = path
    send(protocol.ExportResult(id=request.id, files=files))


def main() -> None:
    print("This line is for the log.", file=sys.stderr, flush=True)
    send(protocol.ReadyEvent(version="0", pid=os.getpid()))
    for line in sys.stdin.buffer:
        document = json.loads(line)
        identifier, kind = document["id"], document["request"]
        if kind == "note":
            request = protocol.NoteRequest.model_validate(document)
            try:
                send(protocol.NoteResult(id=identifier, understood=understand(request)))
            except CausalCLIPSegError as error:
                send(protocol.ErrorEvent(id=identifier, kind="user", message=str(error)))
        elif kind == "segment":
            CANCELLED[identifier] = threading.Event()
            long = protocol.SegmentRequest.model_validate(document)
            threading.Thread(target=segment, args=(long,), daemon=True).start()
        elif kind == "hello":
            send(
                protocol.HelloResult(
                    id=identifier, version="0", libraries="loaded", devices=["cpu"], checkpoints=CARDS, formats=[]
                )
            )
        elif kind == "export":
            export(protocol.ExportRequest.model_validate(document))
        elif kind == "cancel":
            send(protocol.CancelResult(id=identifier, target=document["target"], found=True))
            CANCELLED[document["target"]].set()
        elif kind == "shutdown":
            return


main()

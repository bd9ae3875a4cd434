"""A worker that speaks the real protocol with a few lines of NumPy instead of the network.

Words in the note decide what a run does:

- "slow": waits until it is canceled
- "stuck": hangs
- "crash": ends the process
- "memory": warns, as a run does that falls back to the processor
- "unwritable": an export writes nothing and says why
- "turned": asks whether the radiograph is mirrored
- "elsewhere": two areas are not in the note, one in the right upper and one in the left lower zone
- "weighed": the words of the note have weights, and one word that only the prompt has

The library itself reads the note. The result names the requested checkpoint and device.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib import colors, terminology
from CausalCLIPSegLib.errors import CausalCLIPSegError
from CausalCLIPSegLib.laterality import Side, side_in_image
from CausalCLIPSegLib.maps import text_of
from CausalCLIPSegLib.mask.lung_extent import default_extent
from CausalCLIPSegLib.mask.presence import state_places
from CausalCLIPSegLib.mask.sides import split_by_side
from CausalCLIPSegLib.notes import INFECTION, choose_side, parse_note, to_prompt
from CausalCLIPSegLib.result import Candidate, Segment
from CausalCLIPSegLib.worker import protocol
from CausalCLIPSegLib.worker.jobs.notes import describe_note

THRESHOLD = 0.5
LOCK = threading.Lock()
CANCELED: dict[str, threading.Event] = {}
CARDS = [
    protocol.CheckpointDocument(
        **{"name": name, "laterality": "viewer", "threshold": THRESHOLD, "limits": []},
        **dict.fromkeys(("version", "finding", "intended_use", "licence"), ""),
        summary="Described on its card.",
        title=title,
    )
    for name, title in (("first", "The first network"), ("second", ""))
]


def send(event: Any) -> None:
    with LOCK:
        print(event.model_dump_json(), flush=True)


def understand(request: protocol.NoteRequest | protocol.SegmentRequest) -> protocol.Understood:
    is_run = request.request == "segment"
    findings = None if is_run else request.findings
    note = request.note if is_run else request.text
    expression = parse_note(note, request.laterality, findings=findings or [INFECTION])
    if request.side is not None:
        expression = choose_side(expression, request.side)
    prompt = to_prompt(expression, "viewer") if expression.sides else None
    return describe_note(expression, prompt, "viewer", mirrored=False)


def segment(request: protocol.SegmentRequest) -> None:
    send(protocol.ProgressEvent(id=request.id, phase="Searching the radiograph", fraction=0.5))
    if "crash" in request.note:
        os._exit(9)
    if "stuck" in request.note:
        threading.Event().wait()
    if "slow" in request.note:
        CANCELED[request.id].wait()
    if "turned" in request.note and request.mirrored is None:
        message = (
            "The header of this radiograph says that it is mirrored, "
            "with the patient's right on the right of the image."
        )
        send(protocol.ErrorEvent(id=request.id, kind="mirrored", message=message))
        return
    if "memory" in request.note:
        message = "The GPU has too little free memory; running on the CPU instead."
        send(protocol.WarningEvent(id=request.id, message=message))
    if CANCELED[request.id].is_set():
        send(protocol.CancelledEvent(id=request.id))
        return
    send(result(request))


def result(request: protocol.SegmentRequest) -> protocol.SegmentResult:
    understood = understand(request)
    probability = draw_probability(np.load(request.image.path).shape[:2], understood.sides)
    threshold = request.threshold or THRESHOLD
    masks = split_by_side(probability >= threshold, mirrored=False)
    arrays = {
        "probability": probability,
        "causal_attention": probability.astype(np.float16),
        "confounder_attention": (1 - probability).astype(np.float16),
        "patches_of_interest": (0.5 * probability).astype(np.float16),
        **{f"mask_{side}": mask for side, mask in masks.items()},
    }
    candidates = draw_candidates(probability.shape) if "elsewhere" in request.note else []
    arrays |= {each.segment.identifier: each.segment.mask for each in candidates}
    request.output.mkdir(parents=True, exist_ok=True)
    paths = {name: request.output / f"{name}.npy" for name in arrays}
    for name, array in arrays.items():
        np.save(paths[name], array)
    possible = {side: possible_segment(side) for side in masks}
    return protocol.SegmentResult(
        id=request.id,
        understood=understood,
        rows=probability.shape[0],
        columns=probability.shape[1],
        spacing=request.image.spacing,
        mirrored=False,
        segments=[
            protocol.SegmentDocument(
                **possible[side].model_dump(),
                **measure(mask, request.image.spacing),
                components=1,
                mask=paths[f"mask_{side}"],
            )
            for side, mask in masks.items()
            if mask.any()
        ],
        possible=list(possible.values()),
        threshold=threshold,
        **measure(probability >= threshold, None),
        **{name: paths[name] for name in ("probability", "causal_attention", "confounder_attention")},
        provenance=protocol.Provenance(
            checkpoint=protocol.CheckpointUsed(name=request.checkpoint, version="0", sha256="ab" * 32),
            device="cuda" if request.device == "cuda" else "cpu",
            engine="torch" if request.device == "cuda" else "onnx",
            version="0",
            seconds={},
            server="" if request.server is None else request.server.address.removeprefix("https://"),
        ),
        warnings=[],
        sop_instance_uid=None,
        places=describe_places(request, probability, threshold),
        maps=[
            protocol.MapDocument(
                name=name,
                file=paths[name],
                low=float(arrays[name].min()),
                high=float(arrays[name].max()),
                **text_of(name)._asdict(),
            )
            for name in ("probability", "causal_attention", "confounder_attention", "patches_of_interest")
        ],
        not_in_note=[
            protocol.CandidateDocument(
                **possible_segment(each.segment.side).model_dump()
                | {"id": each.segment.identifier, "color": colors.NOT_IN_NOTE},
                **measure(each.segment.mask, request.image.spacing),
                components=1,
                mask=paths[each.segment.identifier],
                place=each.place,
                zones=list(each.zones),
                highest_probability=each.highest,
                denied=each.denied,
                sentence=each.sentence,
            )
            for each in candidates
        ],
        heard=weigh(request.note) if "weighed" in request.note else [],
    )


def weigh(note: str) -> list[protocol.HeardDocument]:
    """Weigh each word of the note more than the one before it; a word in tags is the rest of the note."""
    pieces = [
        protocol.HeardDocument(text=word, weight=None if "<" in word else number / 100, words=["lung"], in_note=True)
        for number, word in enumerate(note.split(), 1)
    ]
    return [*pieces, protocol.HeardDocument(text="pulmonary", weight=0.005, words=["pulmonary"], in_note=False)]


def describe_places(
    request: protocol.SegmentRequest, probability: npt.NDArray[np.float32], threshold: float
) -> list[protocol.PlaceDocument]:
    expression = parse_note(request.note, request.laterality)
    return [
        protocol.PlaceDocument(
            place=each.place.name,
            side=each.place.side,
            side_viewer=side_in_image(each.place.side, mirrored=False),
            zone=each.place.zone,
            present=each.present,
            highest_probability=each.highest,
            calibrated_probability=None,
            sentence=each.sentence,
        )
        for each in state_places(probability, threshold, expression, default_extent())
    ]


def draw_candidates(shape: tuple[int, int]) -> list[Candidate]:
    rows, columns = shape
    candidates = []
    for number, (side, zone, row, column) in enumerate((("right", "upper", 0.1, 0.1), ("left", "lower", 0.8, 0.7)), 1):
        mask = np.zeros(shape, dtype=bool)
        first, left = round(row * rows), round(column * columns)
        mask[first : first + rows // 8, left : left + columns // 4] = True
        segment = Segment(f"not_in_note_{number}", f"Opacity, {side} lung", side, mask, colors.NOT_IN_NOTE)
        candidates.append(Candidate(segment, (zone,), 0.63, denied=number == 2))
    return candidates


def draw_probability(shape: tuple[int, int], sides: list[Side]) -> npt.NDArray[np.float32]:
    """Draw a bar on each side that falls to 0.1 from 0.9 on the sides of the note, and from 0.3 on the others."""
    rows, columns = shape
    probability = np.full(shape, 0.05, np.float32)
    width, margin = max(columns // 4, 1), columns // 8
    for side, first in (("right", margin), ("left", columns - margin - width)):
        peak = 0.9 if side in sides else 0.3
        bar = np.linspace(peak, 0.1, width, dtype=np.float32)
        probability[rows // 3 : 2 * rows // 3, first : first + width] = bar
    return probability


def measure(mask: npt.NDArray[np.bool_], spacing: tuple[float, float] | None) -> dict[str, Any]:
    return {
        "area_mm2": None if spacing is None else float(mask.sum()) * spacing[0] * spacing[1],
        "area_fraction": float(mask.mean()),
    }


def possible_segment(side: Side) -> protocol.PossibleSegment:
    def document(code: terminology.Code) -> protocol.CodeDocument:
        return protocol.CodeDocument(value=code.value, scheme=code.scheme, meaning=code.meaning)

    return protocol.PossibleSegment(
        id=f"opacity_{side}",
        name=f"Opacity, {side} lung",
        kind="opacity",
        side=side,
        side_viewer=side_in_image(side, mirrored=False),
        color=colors.BY_SIDE[side],
        terminology=protocol.Terminology(
            context=terminology.CONTEXT_NAME,
            category=document(terminology.CATEGORY),
            type=document(terminology.code_of("opacity")),
            region=document(terminology.LUNG),
            region_modifier=document(terminology.LATERALITY[side]),
        ),
    )


def export(request: protocol.ExportRequest) -> None:
    """Write each format as JSON: the note, and for each segment its number of pixels and whether it was corrected."""
    names = {"dicom-seg": "segmentation.dcm", "seg-nrrd": "segmentation.seg.nrrd", "picture": "overlay.png"}
    request.output.mkdir(parents=True)
    segments = {segment.name: [int(np.load(segment.mask).sum()), segment.corrected] for segment in request.segments}
    files: dict[Any, Path] = {name: request.output / names[name] for name in request.formats}
    for path in files.values():
        path.write_text(json.dumps({"note": request.note, "segments": segments}), encoding="utf-8")
    missing = {} if "unwritable" not in request.note else dict.fromkeys(files, "The segments cannot be written.")
    send(protocol.ExportResult(id=request.id, files={} if missing else files, missing=missing))


def answer_server(request: protocol.ServerRequest) -> None:
    if request.server.key == "wrong":
        message = "This is not a key of this server, or the server was started again."
        send(protocol.ErrorEvent(id=request.id, kind="user", message=message))
    else:
        result = {"name": request.server.address, "version": "7", "checkpoint": "first"}
        send(protocol.ServerResult(id=request.id, **result, findings=["infection", "effusion"]))


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
            CANCELED[identifier] = threading.Event()
            request = protocol.SegmentRequest.model_validate(document)
            threading.Thread(target=segment, args=(request,), daemon=True).start()
        elif kind == "server":
            answer_server(protocol.ServerRequest.model_validate(document))
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
            CANCELED[document["target"]].set()
        elif kind == "shutdown":
            return


main()

"""Answer "segment": segment a radiograph by a note, and write maps and masks."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib import terminology
from CausalCLIPSegLib.atomic_files import staged_files
from CausalCLIPSegLib.errors import (
    DeviceWarning,
)
from CausalCLIPSegLib.export.report import result_disagreements, result_warnings
from CausalCLIPSegLib.laterality import side_in_image
from CausalCLIPSegLib.mask.components import area_mm2, connected_components
from CausalCLIPSegLib.notes import read_note
from CausalCLIPSegLib.result import Segment, SegmentationResult
from CausalCLIPSegLib.worker import protocol
from CausalCLIPSegLib.worker.jobs.images import read_image
from CausalCLIPSegLib.worker.jobs.notes import understand
from CausalCLIPSegLib.worker.jobs.progress import ProgressCallback
from CausalCLIPSegLib.worker.segmenters import Segmenters

_FRACTIONS = {"Understanding the note": 0.4, "Searching the radiograph": 0.5}


def segment(
    request: protocol.SegmentRequest,
    begin: ProgressCallback,
    warn: Callable[[str], None],
    segmenters: Segmenters,
    wait_for_libraries: Callable[[], None],
) -> protocol.SegmentResult:
    """Outline what the note speaks of, and write maps and masks into the folder `output`.

    Args:
        request: what to do.
        begin: see `progress.ProgressCallback`.
        warn: called with a sentence when the work goes on, but not as asked.
        segmenters: those that were used before.
        wait_for_libraries: returns when torch is loaded.

    Raises:
        CausalCLIPSegError: the film, the note, the checkpoint, the device or the output cannot be used.
    """
    # before anything that takes time
    expression = read_note(request.note, request.laterality, request.language, request.side)
    begin("Reading the radiograph", 0)
    film = read_image(request.image, request.mirrored)
    begin("Loading the libraries", 0.1)
    wait_for_libraries()
    begin("Loading the checkpoint", 0.2)
    with _device_warnings(warn):
        segmenter = segmenters.get(request.checkpoint, request.device)
        result = segmenter.segment(
            film,
            expression,
            threshold=request.threshold,
            mirrored=film.mirrored,
            progress=lambda phase: begin(phase, _FRACTIONS.get(phase, 0.5)),
        )
    segmenters.drop_fallen()
    begin("Writing the result", 0.9)
    whole = np.ones(film.pixels.shape, dtype=bool)
    possible = segmenter.segments(whole, result.expression, mirrored=bool(film.mirrored))
    masks = {f"mask_{each.identifier}.npy": each.mask for each in result.segments}
    arrays: dict[str, npt.NDArray[Any]] = {
        "probability.npy": result.probability,
        "causal_attention.npy": result.causal_attention.astype(np.float16),
        "confounder_attention.npy": result.confounder_attention.astype(np.float16),
        **masks,
    }
    with staged_files(request.output, list(arrays), force=True) as stage:
        for name, array in arrays.items():
            np.save(stage / name, array, allow_pickle=False)
        begin("Writing the result", 1)
    return _describe(request.id, result, possible, request.output)


def _describe(
    identifier: str, result: SegmentationResult, possible: tuple[Segment, ...], output: Path
) -> protocol.SegmentResult:
    film, provenance = result.radiograph, result.provenance
    header = film.header
    return protocol.SegmentResult(
        id=identifier,
        understood=understand(result.expression, result.laterality, film.mirrored),
        rows=film.pixels.shape[0],
        columns=film.pixels.shape[1],
        spacing=film.spacing,
        mirrored=film.mirrored,
        segments=[
            protocol.SegmentDocument(
                **_words(each, film.mirrored).model_dump(),
                **measures(each.mask, film.spacing),
                mask=output / f"mask_{each.identifier}.npy",
            )
            for each in result.segments
        ],
        possible=[_words(each, film.mirrored) for each in possible],
        threshold=result.threshold,
        area_mm2=area_mm2(result.mask, film.spacing),
        area_fraction=float(result.mask.mean()),
        probability=output / "probability.npy",
        causal_attention=output / "causal_attention.npy",
        confounder_attention=output / "confounder_attention.npy",
        provenance=protocol.Provenance(
            checkpoint=protocol.CheckpointUsed(
                name=provenance.checkpoint_name,
                version=provenance.checkpoint_version,
                sha256=provenance.checkpoint_sha256,
            ),
            device=provenance.device,
            version=provenance.version,
            seconds=provenance.seconds,
        ),
        warnings=result_warnings(result),
        disagreements=result_disagreements(result),
        sop_instance_uid=None if header is None else header.get("SOPInstanceUID"),
    )


def _words(segment: Segment, mirrored: bool | None) -> protocol.PossibleSegment:
    return protocol.PossibleSegment(
        id=segment.identifier,
        name=segment.name,
        kind=segment.kind,
        side=segment.side,
        side_viewer=side_in_image(segment.side, mirrored),
        color=segment.color,
        terminology=_terminology(segment),
    )


def _terminology(segment: Segment) -> protocol.Terminology:
    def document(code: terminology.Code) -> protocol.CodeDocument:
        return protocol.CodeDocument(value=code.value, scheme=code.scheme, meaning=code.meaning)

    return protocol.Terminology(
        context=terminology.CONTEXT_NAME,
        category=document(terminology.CATEGORY),
        type=document(terminology.code_of(segment.kind)),
        region=document(terminology.LUNG),
        region_modifier=document(terminology.LATERALITY[segment.side]),
    )


def measures(mask: npt.NDArray[np.bool_], spacing: tuple[float, float] | None) -> dict[str, Any]:
    """Return area and number of components of a mask, as the protocol names them."""
    return {
        "area_mm2": area_mm2(mask, spacing),
        "area_fraction": float(mask.mean()),
        "components": connected_components(mask)[1],
    }


@contextmanager
def _device_warnings(warn: Callable[[str], None]) -> Iterator[None]:
    """Hand our own warnings on, each time that they occur; those of libraries are not for the user."""

    def show(message: Warning | str, category: type[Warning], *_: object, **__: object) -> None:
        if issubclass(category, DeviceWarning):
            warn(str(message))

    with warnings.catch_warnings():
        warnings.simplefilter("always", DeviceWarning)
        warnings.showwarning = show
        yield

"""What the worker does for each request that takes time: plain functions, no process, no lines, no threads.

Each takes the request and `begin`, which it calls as a phase begins and which may raise to stop it there.
"""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib import terminology
from CausalCLIPSegLib.errors import (
    CausalCLIPSegError,
    CheckpointError,
    DeviceWarning,
    NoteError,
    OutputError,
    RadiographError,
)
from CausalCLIPSegLib.laterality import SIDES, Laterality, Side, SideChoice, side_in_image
from CausalCLIPSegLib.mask.components import area_mm2, connected_components
from CausalCLIPSegLib.mask.sides import split_by_side
from CausalCLIPSegLib.model.card import CARD, DEFAULT, find_checkpoint, read_card, resources
from CausalCLIPSegLib.model.device import Device, choose_device
from CausalCLIPSegLib.notes import ReferringExpression, choose_side, describe_expression, parse_note, to_prompt
from CausalCLIPSegLib.radiograph import Radiograph, read_radiograph
from CausalCLIPSegLib.radiograph.array import load_values, radiograph_from_array
from CausalCLIPSegLib.result import Provenance, Segment, SegmentationResult
from CausalCLIPSegLib.worker import protocol as protocol

if TYPE_CHECKING:
    from CausalCLIPSegLib.segmentation.segmentation import AlgorithmType, CodedSegment
    from CausalCLIPSegLib.segmenter import Segmenter

ProgressCallback = Callable[[str, float], None]
"""Called with the name of a phase and the fraction that is done: 1 just before files appear, and nothing stops it."""

_FRACTIONS = {"Understanding the note": 0.4, "Searching the film": 0.5}

staging_dirs: set[Path] = set()
"""Folders that hold half a result now; whoever ends the process without notice removes them."""


class AskMirroredError(CausalCLIPSegError):
    """The header says that the film is mirrored, and a person has to say whether that is so."""


class AskSideError(CausalCLIPSegError):
    """The note contradicts itself about the side, and a person has to say which is meant."""


def list_checkpoints() -> list[protocol.CheckpointDocument]:
    """Return the checkpoints at hand as their cards say, the default one first; damaged cards are left out."""
    found = []
    for path in sorted((resources() / "checkpoints").glob(f"*/{CARD}"), key=lambda path: path.parent.name != DEFAULT):
        try:
            card = read_card(path.parent)
        except CheckpointError:
            continue
        found.append(
            protocol.CheckpointDocument(**card.model_dump(include=set(protocol.CheckpointDocument.model_fields)))
        )
    return found


# -- notes ------------------------------------------------------------------------------------------------------------


def read_note(text: str, laterality: Laterality, language: str | None, side: SideChoice | None) -> ReferringExpression:
    """Return what a note says, for a run.

    Raises:
        AskSideError: it contradicts itself and `side` is None.
        NoteError: it names nothing that can be outlined, or not the `side` that was chosen.
    """
    expression = parse_note(text, laterality, language)
    if expression.questions and side is None:
        raise AskSideError(expression.questions[0])
    expression = choose_side(expression, side)
    if not expression.sides:
        raise NoteError("The note names no finding that can be outlined.")
    return expression


def understand(
    expression: ReferringExpression, prompt_laterality: Laterality, mirrored: bool | None
) -> protocol.Understood:
    """Say what was understood, for people and programs."""
    details = expression.to_dict()
    return protocol.Understood(
        sides=list(expression.sides),
        sides_viewer=[side_in_image(side, mirrored) for side in expression.sides],
        zones={side: list(zones) for side, zones in expression.zones.items()},
        whole=list(expression.whole),
        weak=expression.weak,
        count=expression.count,
        findings=details["findings"],
        ignored=details["ignored"],
        questions=list(expression.questions),
        prompt=to_prompt(expression, prompt_laterality) if expression.sides else None,
        prompt_laterality=prompt_laterality,
        summary=describe_expression(expression, mirrored=mirrored),
        details=details,
    )


def answer_note(request: protocol.NoteRequest) -> protocol.NoteResult:
    """Say what is understood of a note; one with nothing to outline is understood as well.

    Raises:
        NoteError: it is empty or too long, or does not name the side that was chosen.
        CheckpointError: there is no such checkpoint.
    """
    expression = parse_note(request.text, request.laterality, request.language)
    if request.side is not None:
        expression = choose_side(expression, request.side)
    language = read_card(find_checkpoint(request.checkpoint)).laterality
    return protocol.NoteResult(id=request.id, understood=understand(expression, language, request.mirrored))


# -- films ------------------------------------------------------------------------------------------------------------


def read_image(image: protocol.FileImage | protocol.ArrayImage, mirrored: bool | None) -> Radiograph:
    """Return the film that a request speaks of.

    Raises:
        AskMirroredError: its header says that it is mirrored, and `mirrored` is None.
        RadiographError: it is no frontal chest film.
    """
    if isinstance(image, protocol.FileImage):
        film = read_radiograph(image.path)
    else:
        film = radiograph_from_array(
            load_values(image.path),
            spacing=image.spacing,
            affine=np.array(image.affine),
            window=image.window,
            inverted=image.inverted,
            header=image.header,
            name=image.name,
        )
    if mirrored is None and film.mirrored:
        raise AskMirroredError(
            "The header of this film says that it is mirrored, the patient's right on the right of the picture."
        )
    return film if mirrored is None else replace(film, mirrored=mirrored)


# -- segment ----------------------------------------------------------------------------------------------------------


class Segmenters:
    """Segmenters by checkpoint and device, each loaded once and kept."""

    def __init__(self) -> None:
        self._kept: dict[tuple[Path, str], Segmenter] = {}

    def get(self, checkpoint: str, device: Device) -> Segmenter:
        """Return the segmenter of a checkpoint on a device, loaded where it is not yet.

        Raises:
            CheckpointError: the checkpoint cannot be loaded.
            DeviceError: the device is not there.
        """
        from CausalCLIPSegLib.segmenter import Segmenter  # torch takes its time

        key = find_checkpoint(checkpoint).resolve(), choose_device(device).type
        if key not in self._kept:
            self._kept[key] = Segmenter.from_checkpoint(checkpoint, device)
        return self._kept[key]

    def drop_fallen(self) -> None:
        """Forget those that run elsewhere than asked for want of memory: it may be there next time."""
        self._kept = {key: each for key, each in self._kept.items() if each.device.type == key[1]}

    def clear(self) -> None:
        """Forget all, after a failure that may have damaged one."""
        self._kept.clear()


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
        begin: see the module.
        warn: called with a sentence when the work goes on, but not as asked.
        segmenters: those that were used before.
        wait_for_libraries: returns when torch is loaded.

    Raises:
        CausalCLIPSegError: the film, the note, the checkpoint, the device or the output cannot be used.
    """
    read_note(request.note, request.laterality, request.language, request.side)  # told before all that takes time
    begin("Reading the film", 0)
    film = read_image(request.image, request.mirrored)
    begin("Loading the libraries", 0.1)
    wait_for_libraries()
    begin("Loading the checkpoint", 0.2)
    with _device_warnings(warn):
        segmenter = segmenters.get(request.checkpoint, request.device)
        result = segmenter.segment(
            film,
            request.note,
            laterality=request.laterality,
            language=request.language,
            side=request.side,
            threshold=request.threshold,
            mirrored=request.mirrored,
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
    with staged(request.output, list(arrays), force=True) as stage:
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
                **_measures(each.mask, film.spacing),
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
        warnings=list(result.warnings),
        disagreements=list(result.disagreements),
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


def _measures(mask: npt.NDArray[np.bool_], spacing: tuple[float, float] | None) -> dict[str, Any]:
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


# -- threshold --------------------------------------------------------------------------------------------------------


def threshold(request: protocol.ThresholdRequest, begin: ProgressCallback) -> protocol.ThresholdResult:
    """Part a probability map at another threshold, by side.

    Raises:
        CausalCLIPSegError: the map cannot be read, or the masks cannot be written.
    """
    begin("Outlining", 0)
    probability = load_values(request.probability)
    if probability.ndim != 2 or probability.dtype.kind != "f":
        raise RadiographError("The file with probabilities is not one of this program.")
    parts = split_by_side(probability >= request.threshold, mirrored=request.mirrored)
    with staged(request.output, [_mask_name(side) for side in SIDES], force=True) as stage:
        for side in SIDES:
            np.save(stage / _mask_name(side), parts[side], allow_pickle=False)
        begin("Outlining", 1)
    return protocol.ThresholdResult(
        id=request.id,
        threshold=request.threshold,
        masks=[
            protocol.MaskDocument(
                side=side, mask=request.output / _mask_name(side), **_measures(parts[side], request.spacing)
            )
            for side in SIDES
        ],
    )


def _mask_name(side: Side) -> str:
    return f"mask_{side}.npy"


# -- export -----------------------------------------------------------------------------------------------------------


FILES: dict[protocol.Format, str] = {
    "dicom-seg": "segmentation.dcm",
    "seg-nrrd": "segmentation.seg.nrrd",
    "picture": "overlay.png",
}
"""What can be exported, and what the file is called."""


def export(request: protocol.ExportRequest, begin: ProgressCallback) -> protocol.ExportResult:
    """Write the segments as they stand in the scene.

    Raises:
        CausalCLIPSegError: the film or a mask cannot be used, a format is not for this film, or the output cannot be
            written.
    """
    begin("Reading the film", 0)
    film = read_image(request.image, request.mirrored)
    begin("Reading the segments", 0.2)
    result = _scene_result(request, film)
    writers = _writers(request, result)
    names = {each: FILES[each] for each in request.formats}
    with staged(request.output, list(names.values()), force=request.force) as stage:
        for number, (each, name) in enumerate(names.items()):
            begin("Writing the files", 0.4 + 0.6 * number / len(names))
            writers[each](stage / name)
        begin("Writing the files", 1)
    return protocol.ExportResult(id=request.id, files={each: request.output / name for each, name in names.items()})


def _writers(
    request: protocol.ExportRequest, result: SegmentationResult
) -> dict[protocol.Format, Callable[[Path], None]]:
    """Return what writes each format.

    Raises:
        CausalCLIPSegError: one that is asked for is not for this film.
    """
    from CausalCLIPSegLib.export import segmentation_files, write_overlay, write_seg_nrrd
    from CausalCLIPSegLib.segmentation.nrrd import write_segments  # they take their time

    if "dicom-seg" in request.formats and (reason := segmentation_files.missing_dicom_seg_reason(result)):
        raise OutputError(reason)
    types = {each.id: _algorithm_type(each) for each in request.segments}

    def marked(segments: tuple[CodedSegment, ...]) -> tuple[CodedSegment, ...]:
        return tuple(
            replace(coded, algorithm_type="MANUAL", algorithm=None)
            if types[segment.identifier] == "MANUAL"
            else replace(coded, algorithm_type=types[segment.identifier])
            for coded, segment in zip(segments, result.segments, strict=True)
        )

    def write_dicom(path: Path) -> None:
        from CausalCLIPSegLib.segmentation.dicom_reader import read_dicom_seg
        from CausalCLIPSegLib.segmentation.dicom_writer import encode, save
        from CausalCLIPSegLib.segmentation.revision import next_revision

        assert result.radiograph.header is not None, "missing_dicom_seg_reason has asked"
        content = segmentation_files.segmentation_of(result, with_note=request.with_note)
        content = replace(content, segments=marked(content.segments))
        if request.previous is not None:
            previous = read_dicom_seg(request.previous)
            content = next_revision(previous, content, request.editor, request.instance_number)
        save(encode(content, result.radiograph.header), path)

    def write_nrrd(path: Path) -> None:
        segments = marked(segmentation_files.coded_segments(result, with_note=False))
        rows, columns = result.radiograph.pixels.shape
        if segments:
            write_segments(segments, (rows, columns), result.radiograph.affine, path)
        else:
            write_seg_nrrd(result, path)

    return {
        "dicom-seg": write_dicom,
        "seg-nrrd": write_nrrd,
        "picture": lambda path: write_overlay(result, path),
    }


def _algorithm_type(segment: protocol.ExportSegment) -> AlgorithmType:
    return segment.algorithm_type or ("SEMIAUTOMATIC" if segment.corrected else "AUTOMATIC")


def _scene_result(request: protocol.ExportRequest, film: Radiograph) -> SegmentationResult:
    """Return the segments of a scene as a result, with what led to them."""
    scene = tuple(_scene_segment(each, film) for each in request.segments)
    segments = tuple(each for each in scene if each.mask.any())
    union = np.zeros(film.pixels.shape, dtype=bool)
    for each in segments:
        union |= each.mask
    probability = union.astype(np.float32)
    if request.probability is not None:
        probability = load_values(request.probability).astype(np.float32)
        if probability.shape != union.shape:
            raise RadiographError("The probabilities are those of another film: their size differs.")
    # where a person has corrected the outline, the correction is what is sure
    probability = np.where((probability >= request.threshold) == union, probability, union.astype(np.float32))
    provenance = request.provenance
    expression = parse_note(request.note, request.laterality, request.language)
    return SegmentationResult(
        radiograph=film,
        note=request.note,
        expression=expression if request.side is None else choose_side(expression, request.side),
        prompt=request.prompt,
        laterality=request.prompt_laterality,
        probability=probability,
        threshold=request.threshold,
        causal_attention=np.ones(film.pixels.shape, dtype=np.float32),
        segments=segments,
        provenance=Provenance(
            provenance.checkpoint.name,
            provenance.checkpoint.version,
            provenance.checkpoint.sha256,
            provenance.device,
            provenance.version,
            provenance.seconds,
        ),
    )


def _scene_segment(segment: protocol.ExportSegment, film: Radiograph) -> Segment:
    mask = load_values(segment.mask) != 0
    if mask.ndim == 3 and mask.shape[0] == 1:
        mask = mask[0]
    if mask.shape != film.pixels.shape:
        raise RadiographError(f"The segment “{segment.name}” is that of another film: its size differs.")
    side = segment.side or _side_of(mask, mirrored=bool(film.mirrored))
    return Segment(segment.id, segment.name, side, mask, segment.color, segment.kind)


def _side_of(mask: npt.NDArray[np.bool_], *, mirrored: bool) -> Side:
    parts = split_by_side(mask, mirrored=mirrored)
    return "left" if parts["left"].sum() > parts["right"].sum() else "right"


# -- files ------------------------------------------------------------------------------------------------------------


@contextmanager
def staged(folder: Path, names: list[str], *, force: bool) -> Iterator[Path]:
    """Give a hidden folder to write `names` into, and move them into `folder` when all is well.

    Raises:
        OutputError: one of them exists and `force` is not given, or the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        there = [name for name in names if (folder / name).exists()]
        if there and not force:
            raise OutputError(f"{folder} already holds {', '.join(there)}.")
        stage = folder / f".causalclipseg-{uuid4().hex}"
        staging_dirs.add(stage)
        try:
            stage.mkdir()
            yield stage
            for name in names:
                (stage / name).replace(folder / name)
        finally:
            shutil.rmtree(stage, ignore_errors=True)
            staging_dirs.discard(stage)
    except OSError as error:
        reason = error.strerror or "the disk reports an error"
        raise OutputError(f"The result cannot be written to {folder}: {reason}.") from error

"""Segment one image of a batch: what a process does again and again, wherever it runs."""

from __future__ import annotations

import hashlib
import json
import logging
import time
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path

from CausalCLIPSegLib.about import __version__
from CausalCLIPSegLib.batch.executor import Answer
from CausalCLIPSegLib.batch.inputs import BatchItem, printable
from CausalCLIPSegLib.batch.table import Row, Status
from CausalCLIPSegLib.errors import (
    CausalCLIPSegError,
    CheckpointError,
    DeviceWarning,
    MirroredQuestionError,
    NoFindingError,
    NoteError,
    OutputError,
    RadiographError,
    SideQuestionError,
)
from CausalCLIPSegLib.export import MAPS, PICTURE, PROBABILITY, reject_earlier_result, write_result
from CausalCLIPSegLib.export.directory import RESULT_JSON
from CausalCLIPSegLib.export.report import ResultDocument, describe_result
from CausalCLIPSegLib.laterality import Laterality
from CausalCLIPSegLib.locks import LockedError
from CausalCLIPSegLib.memory import is_out_of_memory
from CausalCLIPSegLib.model.card import Card, find_checkpoint, read_card
from CausalCLIPSegLib.model.device import Device, EngineChoice
from CausalCLIPSegLib.model.place_calibration import PlaceCalibration
from CausalCLIPSegLib.notes import read_note
from CausalCLIPSegLib.privacy import public_message, safe_traceback
from CausalCLIPSegLib.radiograph import read_radiograph
from CausalCLIPSegLib.regular_files import open_regular, sha256

log = logging.getLogger(__name__)

_MAX_WAIT = 30
"""Seconds to wait for another process that still writes the same result, on a computer that a cluster has lost."""


@dataclass(frozen=True)
class Settings:
    """The options of the whole batch.

    Attributes:
        laterality: whose left and right the notes mean.
        language: language of the notes, two letters; None: recognized for each note.
        threshold: probability from which a pixel belongs to the mask; None: the card's.
        with_note: include the notes in the DICOM files.
        probability: also write the probabilities as DICOM.
        pictures: write the pictures.
        maps: also write the maps of the network.
    """

    laterality: Laterality = "patient"
    language: str | None = None
    threshold: float | None = None
    with_note: bool = True
    probability: bool = False
    pictures: bool = True
    maps: bool = False


_LATER_SETTINGS = {"pictures": True, "maps": False}
"""Settings that did not exist at first: with these values, finished batches of earlier versions stay finished."""


class BatchResultDocument(ResultDocument):
    """The contents of result.json in a batch.

    Attributes:
        request: hash of everything that the result depends on except the device, see `request_of`. With it a batch
            recognizes its own result if it was stopped before the row was stored.
    """

    request: str


@dataclass(frozen=True)
class Task:
    """What all images of a batch have in common.

    Attributes:
        results: folder of all results.
        settings: the options.
        checkpoint: see `find_checkpoint`.
        card: the card that this checkpoint must have on every computer.
        device, engine: where and with what the network runs.
        force: replace results that were made of another image, note or setting.
    """

    results: Path
    settings: Settings
    checkpoint: str | Path
    card: Card
    device: Device
    force: bool
    engine: EngineChoice = "auto"

    def load(self) -> ImageSegmenter:
        """Load the checkpoint.

        Raises:
            CheckpointError: the checkpoint cannot be loaded, or is another one on this computer.
            DeviceError: the device or the engine is not available.
        """
        return ImageSegmenter(self)

    def request_of(self, item: BatchItem) -> str:
        """Call `request_of` with the settings and the card of this batch."""
        return request_of(item, self.settings, self.card)


class ImageSegmenter:
    """A loaded checkpoint that segments the images of a batch: call it with an item."""

    def __init__(self, task: Task) -> None:
        from CausalCLIPSegLib.segmenter import Segmenter  # loads the libraries, which takes seconds

        if read_card(find_checkpoint(task.checkpoint)) != task.card:
            raise CheckpointError(f"The checkpoint “{task.checkpoint}” is not the same on all computers.")
        self._task = task
        self._segmenter = Segmenter.from_checkpoint(task.checkpoint, task.device, task.engine)

    def __call__(self, item: BatchItem) -> Answer:
        """Segment an image, write its result, and return its row; an error gives a row, too."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("ignore")
            warnings.simplefilter("always", DeviceWarning)
            row = self._row(item)
        return Answer(row, tuple(str(each.message) for each in caught))

    def _row(self, item: BatchItem) -> Row:
        request = self._task.request_of(item)
        try:
            return self._finished(item, request) or self._segment_when_free(item, request)
        except CausalCLIPSegError as error:
            log.debug(safe_traceback(error))
            return refused(item, str(error), request)
        except Exception as error:  # a bug that one image triggers must not stop the others
            log.debug(safe_traceback(error))
            status: Status = "refused" if is_out_of_memory(error) else "failed"
            return Row(item.name, status, public_message(error), request=request)

    def _finished(self, item: BatchItem, request: str) -> Row | None:
        """Return the row of a result that a stopped run of the same request has written; None if there is none."""
        try:
            with open_regular(self._task.results / item.folder / RESULT_JSON) as file:
                document = BatchResultDocument.model_validate_json(file.read())
        except (OSError, ValueError):
            return None
        return _row_of(item, document) if document.request == request else None

    def _segment_when_free(self, item: BatchItem, request: str) -> Row:
        """Segment an image; if a lost process is still writing the same result, wait for it."""
        last = time.monotonic() + _MAX_WAIT
        while True:
            try:
                return self._segment(item, request)
            except OutputError as error:
                if row := self._finished(item, request):
                    return row
                if not isinstance(error.__context__, LockedError) or time.monotonic() > last:
                    raise
                time.sleep(0.2)

    def _segment(self, item: BatchItem, request: str) -> Row:
        task, settings, folder = self._task, self._task.settings, self._task.results / item.folder
        try:
            laterality = item.laterality or settings.laterality
            findings = task.card.findings
            expression = read_note(item.note, laterality, settings.language, item.side, item.mirrored, findings)
        except SideQuestionError as question:
            raise NoteError(f"{question} Answer left, right or both in the column side of a table.") from None
        except NoFindingError as error:
            reject_earlier_result(folder)  # it belongs to another note
            return Row(item.name, "no finding", str(error), request=request)
        if not task.force:
            try:
                reject_earlier_result(folder)
            except OutputError as error:
                reason = "That run had another image, note, checkpoint or setting; --force replaces its result."
                raise OutputError(f"{error} {reason}") from None
        try:
            radiograph = read_radiograph(item.image).oriented(item.mirrored)
        except MirroredQuestionError as question:
            raise RadiographError(f"{question} Answer yes or no in the column mirrored of a table.") from None
        result = self._segmenter.segment(
            radiograph, expression, threshold=settings.threshold, mirrored=radiograph.mirrored
        )
        report = BatchResultDocument(**describe_result(result).model_dump(), request=request)
        write_result(
            result,
            folder,
            report=report,
            force=task.force,
            with_note=settings.with_note,
            extra=[*([PROBABILITY] if settings.probability else ()), *(MAPS if settings.maps else ())],
            without=() if settings.pictures else (PICTURE,),
        )
        return _row_of(item, report)


def request_of(item: BatchItem, settings: Settings, card: Card) -> str:
    """Return a hash of everything that a result depends on except device and engine, 64 hexadecimal digits."""
    # Do not rename the keys: that would change the hashes, and finished batches would run again.
    fields = card.model_dump(mode="json", exclude={"places"} if card.places == PlaceCalibration() else None)
    inputs = {**asdict(settings), "version": __version__, "card": fields, "note": item.note}
    inputs |= {"side": item.side, "mirrored": item.mirrored, "film": _hash(item.image)}
    inputs["laterality"] = item.laterality or settings.laterality
    for name, before in _LATER_SETTINGS.items():
        if inputs[name] == before:
            del inputs[name]
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


def refused(item: BatchItem, message: str, request: str) -> Row:
    """Return the row of an image that was not segmented, for a reason that the user can act on."""
    return Row(item.name, "refused", printable(" ".join(message.split())), request=request)


def _hash(path: Path) -> str:
    """Return the SHA-256 of a file; empty if it cannot be read, which `read_radiograph` reports."""
    try:
        return sha256(path)
    except OSError:
        return ""


def _row_of(item: BatchItem, report: BatchResultDocument) -> Row:
    segments = {segment.side_patient: segment for segment in report.segments}
    return Row(
        image=item.name,
        status="outlined",
        sides=" ".join(report.sides),
        sentence=report.prompt,
        prompt=report.prompt,
        area_mm2=_number(report.area_mm2),
        area_fraction=_number(report.area_fraction),
        components=str(report.components),
        **{f"{side}_mm2": _number(segment.area_mm2) for side, segment in segments.items()},
        **{f"{side}_fraction": _number(segment.area_fraction) for side, segment in segments.items()},
        warnings=" ".join(report.warnings),
        disagreements=" ".join(report.disagreements),
        checkpoint=report.checkpoint.name,
        checkpoint_sha256=report.checkpoint.sha256,
        threshold=_number(report.threshold),
        device=report.device,
        version=report.version,
        request=report.request,
        not_seen=" ".join(place.sentence for place in report.places if not place.present),
        not_in_note=" ".join(area.sentence for area in report.not_in_note),
    )


def _number(value: float | None) -> str:
    return "" if value is None else repr(value)

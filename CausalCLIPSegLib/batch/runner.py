"""Segment the images of a batch one after the other, each into its own folder and with its own row."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from CausalCLIPSegLib.about import __version__
from CausalCLIPSegLib.batch.inputs import BatchItem, printable
from CausalCLIPSegLib.batch.table import Row, Rows
from CausalCLIPSegLib.errors import (
    CausalCLIPSegError,
    MirroredQuestionError,
    NoFindingError,
    NoteError,
    RadiographError,
    SideQuestionError,
)
from CausalCLIPSegLib.export import PROBABILITY, reject_earlier_result, write_result
from CausalCLIPSegLib.export.directory import RESULT_JSON
from CausalCLIPSegLib.export.report import ResultDocument, describe_result
from CausalCLIPSegLib.laterality import Laterality
from CausalCLIPSegLib.model.card import Card, find_checkpoint, read_card
from CausalCLIPSegLib.model.device import Device
from CausalCLIPSegLib.notes import check_language, read_note
from CausalCLIPSegLib.privacy import public_message, safe_traceback
from CausalCLIPSegLib.radiograph import read_radiograph

if TYPE_CHECKING:
    from CausalCLIPSegLib.segmenter import Segmenter

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings:
    """The options of the whole batch.

    Attributes:
        laterality: whose left and right the notes mean.
        language: language of the notes, two letters; None: recognized for each note.
        threshold: probability from which a pixel belongs to the mask; None: the card's.
        with_note: include the notes in the DICOM files.
        probability: also write the probabilities as DICOM.
    """

    laterality: Laterality = "patient"
    language: str | None = None
    threshold: float | None = None
    with_note: bool = True
    probability: bool = False


class Batch:
    """Runs images through one segmenter, which is loaded when the first image needs it.

    Args:
        results: folder of all results; the result of each image is in a folder below it.
        settings: the options for all images.
        checkpoint: see `find_checkpoint`.
        device: device to run on.
        force: replace results that were made of another image, note or setting.

    Raises:
        CheckpointError: there is no such checkpoint.
        NoteError: there is no lexicon for the language.
    """

    def __init__(
        self,
        results: Path,
        settings: Settings,
        checkpoint: str | Path = "default",
        device: Device = "auto",
        *,
        force: bool = False,
    ) -> None:
        if settings.language is not None:
            check_language(settings.language)
        self._results = results
        self._settings = settings
        self._checkpoint = find_checkpoint(checkpoint)
        self._card = read_card(self._checkpoint)
        self._device: Device = device
        self._force = force
        self._segmenter: Segmenter | None = None

    def run(self, items: Sequence[BatchItem], rows: Rows) -> Iterator[tuple[Row, bool]]:
        """Segment each image that does not yet have a result of the same request, and store its row.

        Args:
            items: the images, in this order.
            rows: the rows of earlier runs; new rows are added.

        Yields:
            The row of each image, and whether an earlier run made it.

        Raises:
            CheckpointError: the checkpoint cannot be loaded.
            DeviceError: the device is not available.
            OutputError: the row cannot be written.
        """
        for item in items:
            request = request_of(item, self._settings, self._card)
            earlier = rows.get(item.name)
            has_result = (self._results / item.folder / RESULT_JSON).is_file()
            if earlier and earlier.status == "outlined" and earlier.request == request and has_result:
                yield earlier, True
                continue
            row = self._row(item, request, self._load_segmenter())
            rows.put(row)
            yield row, False

    def _load_segmenter(self) -> Segmenter:
        if self._segmenter is None:
            from CausalCLIPSegLib.segmenter import Segmenter  # loads torch, which takes seconds

            self._segmenter = Segmenter.from_checkpoint(self._checkpoint, self._device)
        return self._segmenter

    def _row(self, item: BatchItem, request: str, segmenter: Segmenter) -> Row:
        """Segment one image, and return its row; an error gives a row, too."""
        try:
            if item.fault:
                raise CausalCLIPSegError(item.fault)
            return self._segment(item, request, segmenter)
        except CausalCLIPSegError as error:
            log.debug(safe_traceback(error))
            return Row(item.name, "refused", printable(" ".join(str(error).split())), request=request)
        except Exception as error:  # a bug that one image triggers must not stop the others
            log.debug(safe_traceback(error))
            return Row(item.name, "failed", public_message(error), request=request)

    def _segment(self, item: BatchItem, request: str, segmenter: Segmenter) -> Row:
        settings, folder = self._settings, self._results / item.folder
        try:
            laterality = item.laterality or settings.laterality
            expression = read_note(item.note, laterality, settings.language, item.side, item.mirrored)
        except SideQuestionError as question:
            raise NoteError(f"{question} Answer left, right or both in the column side of a table.") from None
        except NoFindingError as error:
            reject_earlier_result(folder)  # it belongs to another note
            return Row(item.name, "no finding", str(error), request=request)
        if not self._force:
            reject_earlier_result(folder)
        try:
            radiograph = read_radiograph(item.image).oriented(item.mirrored)
        except MirroredQuestionError as question:
            raise RadiographError(f"{question} Answer yes or no in the column mirrored of a table.") from None
        result = segmenter.segment(radiograph, expression, threshold=settings.threshold, mirrored=radiograph.mirrored)
        report = describe_result(result)
        extra = (PROBABILITY,) if settings.probability else ()
        write_result(result, folder, report=report, force=self._force, with_note=settings.with_note, extra=extra)
        return _row_of(item, report, request)


def request_of(item: BatchItem, settings: Settings, card: Card) -> str:
    """Return a hash of everything that a result depends on except the device, 64 hexadecimal digits."""
    # Do not rename the keys: that would change the hashes, and finished batches would run again.
    inputs = {**asdict(settings), "version": __version__, "card": card.model_dump(mode="json"), "note": item.note}
    inputs |= {"side": item.side, "mirrored": item.mirrored, "film": _hash(item.image)}
    inputs["laterality"] = item.laterality or settings.laterality
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


def _hash(path: Path) -> str:
    """Return the SHA-256 of a file; empty if it cannot be read, which `read_radiograph` reports."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _row_of(item: BatchItem, report: ResultDocument, request: str) -> Row:
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
        request=request,
    )


def _number(value: float | None) -> str:
    return "" if value is None else repr(value)

"""Segment the images of a batch, each into its own folder and with its own row."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

from CausalCLIPSegLib.batch.executor import Executor
from CausalCLIPSegLib.batch.inputs import BatchItem
from CausalCLIPSegLib.batch.processes import Processes
from CausalCLIPSegLib.batch.table import Row, Rows
from CausalCLIPSegLib.batch.task import Settings, Task, refused
from CausalCLIPSegLib.errors import DeviceWarning
from CausalCLIPSegLib.export.directory import RESULT_JSON
from CausalCLIPSegLib.model.card import find_checkpoint, read_card
from CausalCLIPSegLib.model.device import Device, EngineChoice
from CausalCLIPSegLib.notes import check_language

CRASHED = (
    "The program that reads and segments images crashed or hung on this one; the file is probably damaged, or needs "
    "more memory than there is."
)


class Batch:
    """Runs images through a checkpoint, in other processes than this one: a damaged image can end a process.

    Args:
        results: folder of all results; the result of each image is in a folder below it.
        settings: the options for all images.
        checkpoint: see `find_checkpoint`.
        device, engine: where and with what the network runs.
        force: replace results that were made of another image, note or setting.
        executor: where the images are segmented; None: in as many processes as there are cores.

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
        engine: EngineChoice = "auto",
        *,
        force: bool = False,
        executor: Executor | None = None,
    ) -> None:
        if settings.language is not None:
            check_language(settings.language)
        card = read_card(find_checkpoint(checkpoint))
        self._task = Task(results, settings, checkpoint, card, device, force, engine)
        self._executor = executor or Processes()

    def run(self, items: Sequence[BatchItem], rows: Rows) -> Iterator[tuple[Row, bool]]:
        """Segment each image that does not yet have a result of the same request, and store its row.

        Args:
            items: the images.
            rows: the rows of earlier runs; new rows are added.

        Yields:
            The row of each image, and whether an earlier run made it: first the earlier ones in the order of `items`,
            then the others in the order in which they are done.

        Raises:
            CheckpointError: the checkpoint cannot be loaded.
            DeviceError: the device is not available.
            OutputError: the row cannot be written.
        """
        to_do = []
        for item in items:
            if item.fault:
                row = refused(item, item.fault, self._task.request_of(item))
                rows.put(row)
                yield row, False
            elif earlier := self._earlier(item, rows):
                yield earlier, True
            else:
                to_do.append(item)
        for item, answer in self._executor.run(self._task.load, to_do):
            row = answer.row if answer else refused(item, CRASHED, self._task.request_of(item))
            rows.put(row)
            for message in answer.warnings if answer else ():
                warnings.warn(DeviceWarning(message), stacklevel=2)
            yield row, False

    def _earlier(self, item: BatchItem, rows: Rows) -> Row | None:
        """Return the row of a result that an earlier run has finished; None if there is none of the same request."""
        row = rows.get(item.name)
        if row is None or row.status != "outlined" or not (self._task.results / item.folder / RESULT_JSON).is_file():
            return None
        return row if row.request == self._task.request_of(item) else None

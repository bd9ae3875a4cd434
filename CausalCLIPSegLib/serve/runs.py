"""One run: a note on a radiograph, from the queue to its maps, segments and files."""

from __future__ import annotations

import asyncio
import secrets
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from CausalCLIPSegLib.colors import to_uint8_rgb, to_unit_rgb
from CausalCLIPSegLib.laterality import Side, side_in_image
from CausalCLIPSegLib.serve.radiographs import OpenRadiograph
from CausalCLIPSegLib.serve.refusals import Refusal
from CausalCLIPSegLib.serve.segments import (
    RunSegment,
    bytes_file,
    bytes_path,
    map_bytes,
    mask_bytes,
    possible_segments,
    save_mask,
    segments_of,
    unpack,
)
from CausalCLIPSegLib.serve.settings import Settings
from CausalCLIPSegLib.serve.workers import CanceledError, Job, Workers, refusal_of

State = Literal["queued", "running", "done", "failed", "cancelled"]

ENDS = frozenset({"done", "failed", "cancelled"})

RUN_BYTES_PER_PIXEL = 24
"""Bytes on the disk for each pixel: three maps and their copies for the client, masks, and files."""

_KEEP_ALIVE_SECONDS = 15
_MAX_DRAWN = 50
"""Segments that a person may add to a run."""


class Run:
    """A note on a radiograph.

    Attributes:
        identifier: of the run, unique.
        radiograph: the radiograph.
        note, side, threshold: as the client sent them.
        checkpoint: as a worker finds it.
        state: see `State`.
        events: name and data of each event, in order.
        result: the worker's answer; None until the run is done.
        segments: as they are now, by identifier.
        revision: grows with every change of the segments.
        exporting: held while files are written.
        objects: the DICOM-SEG files that were written, each with the revision that it shows.
    """

    def __init__(
        self,
        radiograph: OpenRadiograph,
        note: str,
        side: Literal["left", "right", "both"] | None,
        threshold: float | None,
        checkpoint: str,
    ) -> None:
        self.identifier = secrets.token_urlsafe(9)
        self.radiograph = radiograph
        self.note, self.side, self.threshold, self.checkpoint = note, side, threshold, checkpoint
        self.state: State = "queued"
        self.position = 0
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.error: dict[str, Any] | None = None
        self.result: dict[str, Any] | None = None
        self.segments: dict[str, RunSegment] = {}
        self.revision = 0
        self.exporting = asyncio.Lock()
        self.objects: list[tuple[int, Path]] = []
        self.files: dict[str, tuple[int, Path]] = {}
        self._folder = radiograph.folder / f"run-{self.identifier}"
        self._changed = asyncio.Event()
        self._job: Job | None = None
        self._count = self._drawn = 0
        self._possible: dict[str, RunSegment] = {}
        self._earlier_masks: list[Path] = []

    @property
    def is_open(self) -> bool:
        """Whether it waits or runs."""
        return self.state not in ENDS

    async def start(self, workers: Workers, settings: Settings) -> None:
        """Queue the run; it goes on in the background.

        Raises:
            Refusal: too many requests wait.
        """
        workers.check_room()
        self._folder.mkdir(mode=0o700)
        request = {
            "request": "segment",
            "image": {"kind": "file", "path": str(self.radiograph.file)},
            "note": self.note,
            "side": self.side,
            "mirrored": self.radiograph.mirrored,
            "threshold": self.threshold,
            "checkpoint": self.checkpoint,
            "device": settings.device,
            "engine": settings.engine,
            "output": str(self._folder / "result"),
        }
        self._job = Job(request, self._take_event, self._take_position)
        await workers.put(self._job)
        self._following = asyncio.create_task(self._follow(self._job))

    def cancel(self, workers: Workers) -> None:
        """Cancel the run, unless it has ended."""
        if self._job and self.is_open:
            workers.cancel(self._job)

    def drop(self, workers: Workers) -> None:
        """Cancel the run, and delete its files."""
        self.cancel(workers)
        shutil.rmtree(self._folder, ignore_errors=True)

    async def follow(self) -> AsyncIterator[tuple[str, dict[str, Any]] | None]:
        """Yield the events from the first to the last one; None if nothing happens for a while."""
        number = 0
        while True:
            changed = self._changed
            while number < len(self.events):
                yield self.events[number]
                number += 1
            if not self.is_open:
                return
            try:
                await asyncio.wait_for(changed.wait(), _KEEP_ALIVE_SECONDS)
            except TimeoutError:
                yield None

    def _tell(self, name: str, data: dict[str, Any]) -> None:
        self.events.append((name, data))
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def _take_position(self, position: int) -> None:
        if not self.is_open:
            return
        self.position = position
        if position:
            self._tell("queued", {"position": position})
        else:
            self.state = "running"
            self._tell("progress", {"stage": "", "fraction": 0.0})

    def _take_event(self, event: dict[str, Any]) -> None:
        if event["event"] == "progress":
            text = event["texts"]["phase"]
            self._tell("progress", {"stage": event["phase"], "fraction": event["fraction"], "text": text})
        elif event["event"] == "warning":
            self._tell("warning", {"message": event["message"], "text": event["texts"]["message"]})

    async def _follow(self, job: Job) -> None:
        try:
            self._take_result(await job.answer)
        except CanceledError:
            self._end("cancelled", {})
        except Exception as error:
            self.error = refusal_of(error).document
            self._end("failed", {"error": self.error})

    def _take_result(self, result: dict[str, Any]) -> None:
        self.segments, self._possible = segments_of(result), possible_segments(result)
        self.threshold = result["threshold"]
        self.result = result
        self._end("done", {})

    def _end(self, state: State, data: dict[str, Any]) -> None:
        self.state = state
        self._tell(state, data)

    def done(self) -> dict[str, Any]:
        """Return the worker's answer.

        Raises:
            Refusal: the run is not done.
        """
        if self.result is None:
            raise Refusal(409, "run.not_done", "This run has no result.")
        return self.result

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the radiograph."""
        return self.radiograph.rows, self.radiograph.columns

    def maps(self) -> list[dict[str, Any]]:
        """Return the maps, for a client."""
        return [{name: value for name, value in each.items() if name != "file"} for each in self.done()["maps"]]

    def possible(self) -> list[dict[str, Any]]:
        """Return the segments that another threshold can reach, for a client."""
        names = ("id", "name", "kind", "side", "side_viewer")
        return [
            {**{name: document[name] for name in names}, "color": to_uint8_rgb(document["color"])}
            for document in self.done()["possible"]
        ]

    async def map(self, name: str) -> Path:
        """Return a file with a map: uint8, rows x columns; see `maps` of the worker's answer for its range.

        Raises:
            Refusal: the run is not done, or there is no such map.
        """
        found = next((each for each in self.done()["maps"] if each["name"] == name), None)
        if found is None:
            raise Refusal(404, "map.unknown", "There is no such map.")
        path = Path(found["file"])
        return await self.in_thread(bytes_file, path, lambda: map_bytes(path, found["low"], found["high"]))

    async def mask(self, identifier: str) -> Path:
        """Return a file with the present mask of a segment: uint8, 0 or 1, rows x columns.

        Raises:
            Refusal: the run is not done, or there is no such segment.
        """
        path = self.segment(identifier).mask
        return await self.in_thread(bytes_file, path or self._folder / "empty", lambda: mask_bytes(path, self.shape))

    def segment(self, identifier: str) -> RunSegment:
        """Return a segment, a candidate, or a segment that another threshold can reach.

        Raises:
            Refusal: the run is not done, or there is no such segment.
        """
        self.done()
        found = self.segments.get(identifier) or self._possible.get(identifier)
        if found is None:
            raise Refusal(404, "segment.unknown", "There is no such segment.")
        return found

    async def correct(
        self, identifier: str, data: Path, *, compressed: bool, corrected: bool, threshold: float | None
    ) -> None:
        """Take a mask that a person has made.

        Args:
            identifier: of the segment; a candidate is accepted by this.
            data: a file, uint8, 0 or 1, rows x columns.
            compressed: the file is gzip.
            corrected: a person has changed the mask; false: only another threshold.
            threshold: the threshold of the probability that the client shows now; None: as before.

        Raises:
            Refusal: there is no such segment, or the data are not its mask.
        """
        segment = self.segment(identifier)
        path = self.new_path().with_suffix(".npy")

        def save() -> RunSegment:
            values = unpack(data.read_bytes(), self.shape[0] * self.shape[1], compressed=compressed)
            return save_mask(values, segment, self.radiograph, path)

        saved = await self.in_thread(save)
        if not corrected and not segment.is_drawn:
            saved = replace(saved, is_corrected=False)
        self._remove_earlier_masks()
        if segment.mask is not None and segment.mask != segment.network_mask:
            self._earlier_masks.append(segment.mask)
        self.segments[identifier] = saved
        self.threshold = threshold or self.threshold
        self.revision += 1

    def _remove_earlier_masks(self) -> None:
        """Remove the masks that were replaced before the last correction, unless files are written from them now."""
        if not self.exporting.locked():
            for mask in self._earlier_masks:
                mask.unlink(missing_ok=True)
                bytes_path(mask).unlink(missing_ok=True)
            self._earlier_masks.clear()

    def leave_out(self, identifier: str) -> None:
        """Leave a segment out of the files, until it gets a mask again.

        Raises:
            Refusal: there is no such segment.
        """
        segment = self.segment(identifier)
        if identifier in self.segments and segment.is_exported:
            self.segments[identifier] = replace(segment, is_exported=False)
            self.revision += 1

    def add(self, name: str, color: tuple[int, int, int], kind: str, side: Side | None) -> RunSegment:
        """Add a segment that a person draws, without a mask.

        Raises:
            Refusal: the run is not done, or has too many segments.
        """
        self.done()
        if self._drawn == _MAX_DRAWN:
            raise Refusal(409, "segment.too_many", f"A person may add {_MAX_DRAWN} segments to a run, not more.")
        self._drawn += 1
        segment = RunSegment(
            identifier=f"drawn_{self._drawn}",
            name=name,
            kind=kind,
            side=side,
            side_viewer=None if side is None else side_in_image(side, self.radiograph.mirrored),
            color=to_unit_rgb(color),
            is_corrected=True,
            is_drawn=True,
            has_side=side is not None,
        )
        self.segments[segment.identifier] = segment
        return segment

    def new_path(self) -> Path:
        """Return the path of a file or folder that does not exist yet."""
        self._count += 1
        return self._folder / f"file-{self._count}"

    async def in_thread(self, function: Any, *arguments: Any) -> Any:
        """Run a function in a thread; the files may vanish under it, because the session ends."""
        try:
            return await asyncio.to_thread(function, *arguments)
        except FileNotFoundError:
            raise Refusal(404, "run.unknown", "There is no such run, or it was dropped for newer ones.") from None

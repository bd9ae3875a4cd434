"""The radiograph of a session: where its file comes from, and what reading it tells."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from CausalCLIPSegLib.demo import DEMO_IMAGE
from CausalCLIPSegLib.regular_files import open_regular
from CausalCLIPSegLib.serve.children import child_environment
from CausalCLIPSegLib.serve.refusals import Refusal, unexpected
from CausalCLIPSegLib.serve.settings import Limits

FILE = "radiograph"
"""Name of the file in its folder; the client's name for it is never used as a path."""
PIXELS = "pixels"


@dataclass(frozen=True)
class OpenRadiograph:
    """A radiograph that was read.

    Attributes:
        folder: holds the file, its pixels and the runs.
        name: what the client calls it.
        rows, columns: its size.
        spacing: (row mm, column mm); None if it is not calibrated.
        mirrored: whether it shows the patient's right on the viewer's right; None if neither file nor user says it.
        warnings: sentences.
        source: UIDs of the DICOM instance; None for other files.
    """

    folder: Path
    name: str
    rows: int
    columns: int
    spacing: tuple[float, float] | None
    mirrored: bool | None
    warnings: tuple[str, ...]
    source: dict[str, str | None] | None

    @property
    def file(self) -> Path:
        """The file as it was sent."""
        return self.folder / FILE

    @property
    def pixels(self) -> Path:
        """The pixels: uint16, little endian, rows x columns."""
        return self.folder / PIXELS


class Reader:
    """Reads radiographs, each in a process of its own, a few at a time; one process waits for the next radiograph.

    Args:
        at_once: number of processes.
        limits: see `Limits`.
        folder: the folder that the processes work in.
    """

    def __init__(self, at_once: int, limits: Limits, folder: Path) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._limits, self._folder = limits, folder
        self._spare: asyncio.subprocess.Process | None = None

    async def prepare(self) -> None:
        """Start the process that waits, because loading its libraries takes most of the time."""
        if self._spare is None:
            self._spare = await self._start()

    async def stop(self) -> None:
        """End the process that waits."""
        if self._spare is not None:
            await _end(self._spare)

    async def read(self, folder: Path, name: str, mirrored: bool | None) -> OpenRadiograph:
        """Read the file in a folder.

        Raises:
            Refusal: it is no radiograph, is too large, or takes too long.
        """
        request = {
            "path": str(folder / FILE),
            "pixels": str(folder / PIXELS),
            "mirrored": mirrored,
            "max_pixels": self._limits.pixels,
            "seconds": self._limits.seconds,
        }
        async with self._free:
            answer = await self._ask(request)
        if "error" in answer:
            status = {"radiograph.mirrored": 409, "radiograph.too_large": 413}.get(answer["error"], 422)
            raise Refusal(status, answer["error"], answer["message"])
        return OpenRadiograph(
            folder=folder,
            name=name,
            rows=answer["rows"],
            columns=answer["columns"],
            spacing=tuple(answer["spacing"]) if answer["spacing"] else None,
            mirrored=answer["mirrored"],
            warnings=tuple(answer["warnings"]),
            source=answer["source"],
        )

    async def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        spare, self._spare = self._spare, None
        process = spare if spare is not None and spare.returncode is None else await self._start()
        seconds = self._limits.seconds
        try:
            output, _ = await asyncio.wait_for(process.communicate(json.dumps(request).encode()), seconds)
        except TimeoutError:
            message = f"Reading the image took longer than {seconds:g} seconds and was stopped."
            raise Refusal(422, "radiograph.too_slow", message, seconds=seconds) from None
        finally:
            await _end(process)
            await self.prepare()
        if process.returncode == 0:
            with suppress(ValueError, IndexError):
                return dict(json.loads(output.splitlines()[-1]))  # a library may have printed something before
        if process.returncode is not None and process.returncode < 0:  # a library crashed, or it took too much time
            raise Refusal(422, "radiograph.refused", "The file is damaged: reading it failed.")
        raise unexpected()

    async def _start(self) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "CausalCLIPSegLib.serve.reading"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=self._folder,
            env=child_environment(self._folder, OMP_NUM_THREADS="1"),
        )


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def copy_allowed(path: str, allowed: tuple[Path, ...], target: Path, max_bytes: int) -> str:
    """Copy a file below one of the allowed folders, and return its name.

    Args:
        path: absolute, or relative to one of the folders.
        allowed: real paths of folders.
        target: where to copy the file.
        max_bytes: of the file.

    Raises:
        Refusal: there is no such file, or it lies elsewhere: the answer does not say which.
    """
    for folder in allowed:
        try:
            real = Path(os.path.realpath(folder / path))
            if not real.is_relative_to(folder) or "\0" in path:
                continue
            with open_regular(real) as source:
                if os.fstat(source.fileno()).st_size > max_bytes:
                    raise too_large(max_bytes)
                with target.open("wb") as copy:
                    shutil.copyfileobj(source, copy)
            return real.name
        except (OSError, ValueError):
            continue
    raise Refusal(404, "file.unknown", "There is no such file in the folders that this server may read.")


def too_large(max_bytes: int) -> Refusal:
    """Return the refusal of a file with more bytes than the server takes."""
    megabytes = max_bytes / (1 << 20)
    message = f"The file is larger than {megabytes:g} MB, which is the most that this server takes."
    return Refusal(413, "request.too_large", message, bytes=max_bytes)


@cache
def sample_file() -> Path:
    """Return the radiograph that a dependency ships.

    Raises:
        Refusal: the package is missing.
    """
    from pydicom.data import get_testdata_file

    path = get_testdata_file(DEMO_IMAGE, download=False)
    if path is None:
        raise Refusal(404, "file.unknown", "The sample is missing on the server; install the package pydicom-data.")
    return Path(str(path))

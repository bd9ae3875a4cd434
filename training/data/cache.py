"""Decoded films and masks in memory-mapped files, so that every process and every run reads them without decoding."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numpy.lib.format import open_memmap
from PIL import Image

from CausalCLIPSegLib.errors import OutputError
from training.data.sample import Sample

_FORMAT = "1"


class Arrays(NamedTuple):
    """Films, uint8 n x size x size, and masks, bool of the same shape."""

    images: npt.NDArray[np.uint8]
    masks: npt.NDArray[np.bool_]


def decode(sample: Sample, size: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
    """Return film and mask of a sample at the network's size.

    Raises:
        DatasetError: if a file cannot be read.
    """
    image, mask = sample.load_image(), sample.load_mask()
    if image.shape != (size, size):
        image = np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.BILINEAR, reducing_gap=3.0))
    if mask.shape != (size, size):
        mask = np.asarray(Image.fromarray(mask).resize((size, size), Image.Resampling.NEAREST))
    return image, mask


def decode_all(samples: Sequence[Sample], size: int) -> Arrays:
    """Return all films and masks in memory."""
    shape = (len(samples), size, size)
    arrays = Arrays(np.empty(shape, np.uint8), np.empty(shape, np.bool_))
    _fill(arrays, samples, size)
    return arrays


def cached(samples: Sequence[Sample], size: int, folder: Path) -> Arrays:
    """Return films and masks from the cache, which is filled first where it lacks them.

    The entry is a folder in `folder`, named by a hash of what is in the files, and may be removed at any time: changed
    data make another entry. Arrays are read-only. Two processes that fill the same entry do not disturb each other.

    Raises:
        DatasetError: if a file of the data set cannot be read.
        OutputError: if the cache cannot be written.
    """
    entry = folder / _key(samples, size)
    try:
        if not entry.is_dir():
            unfinished = folder / f"{entry.name}.{_own_mark()}.part"
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir(parents=True)
            try:
                shape = (len(samples), size, size)
                arrays = Arrays(
                    open_memmap(unfinished / "images.npy", "w+", np.uint8, shape),
                    open_memmap(unfinished / "masks.npy", "w+", np.bool_, shape),
                )
                _fill(arrays, samples, size)
                del arrays
                if not entry.is_dir():
                    unfinished.rename(entry)
            finally:
                shutil.rmtree(unfinished, ignore_errors=True)
        return Arrays(*(np.load(entry / name, mmap_mode="r") for name in ("images.npy", "masks.npy")))
    except OSError as error:
        raise OutputError(f"The cache folder {folder} cannot be used.") from error


def _fill(arrays: Arrays, samples: Sequence[Sample], size: int) -> None:
    for index, sample in enumerate(samples):
        arrays.images[index], arrays.masks[index] = decode(sample, size)


def _key(samples: Sequence[Sample], size: int) -> str:
    digest = hashlib.sha256(f"{_FORMAT} {size}".encode())
    for sample in samples:
        for path in (sample.image, sample.mask):
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:32]


def _own_mark() -> str:
    return f"{socket.gethostname()}-{os.getpid()}"

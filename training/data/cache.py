"""Decoded radiographs and masks in memory-mapped files, so that no later run decodes them again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numpy.lib.format import open_memmap
from PIL import Image

from CausalCLIPSegLib.errors import OutputError
from CausalCLIPSegLib.model.resampling import to_network_grid
from CausalCLIPSegLib.regular_files import sha256
from training.data.sample import Sample, to_uint8

_FORMAT = "2"
"""Part of an entry's key; raise it whenever decoding gives different values."""
_FILES = ("images.npy", "masks.npy")


class Arrays(NamedTuple):
    """Radiographs, uint8 n x size x size, and masks, bool of the same shape."""

    images: npt.NDArray[np.uint8]
    masks: npt.NDArray[np.bool_]


def decode(sample: Sample, size: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
    """Return the radiograph and the mask of a sample on the network's grid.

    The radiograph is read and resampled as for inference; the mask is resampled with nearest neighbors.

    Args:
        sample: the files.
        size: rows and columns of the network's input.

    Returns:
        The radiograph, uint8, and the mask, bool, both size x size.

    Raises:
        DatasetError: a file cannot be used, or the two differ in size.
    """
    radiograph, mask = sample.load()
    image = to_uint8(to_network_grid(radiograph.pixels, size))
    return image, np.asarray(Image.fromarray(mask).resize((size, size), Image.Resampling.NEAREST))


def decode_all(samples: Sequence[Sample], size: int) -> Arrays:
    """Return all radiographs and masks in memory.

    Raises:
        DatasetError: see `decode`.
    """
    shape = (len(samples), size, size)
    arrays = Arrays(np.empty(shape, np.uint8), np.empty(shape, np.bool_))
    _fill(arrays, samples, size)
    return arrays


def cached(samples: Sequence[Sample], size: int, folder: Path) -> Arrays:
    """Return read-only radiographs and masks from the cache; decode and store them first if they are missing.

    An entry is a subfolder named by a hash of the files' contents, so changed data get a new entry. An entry may be
    removed at any time. Processes may fill the same entry at the same time.

    Args:
        samples: the files.
        size: rows and columns of the network's input.
        folder: the cache.

    Raises:
        DatasetError: see `decode`.
        OutputError: the cache cannot be written or read.
    """
    entry = folder / _key(samples, size)
    if not _is_complete(entry):
        try:
            _store(samples, size, entry)
        except OSError as error:
            raise OutputError(f"The cache folder {folder} cannot be written.") from error
    try:
        return Arrays(*(np.load(entry / name, mmap_mode="r") for name in _FILES))
    except OSError as error:
        raise OutputError(f"The cache folder {folder} cannot be read.") from error


def _store(samples: Sequence[Sample], size: int, entry: Path) -> None:
    """Fill an entry. Each file appears complete, so it does not matter which of several processes is the last."""
    cache = entry.parent
    cache.mkdir(parents=True, exist_ok=True)
    try:
        with TemporaryDirectory(prefix=".", dir=cache) as folder:
            shape = (len(samples), size, size)
            images, masks = (Path(folder) / name for name in _FILES)
            arrays = Arrays(open_memmap(images, "w+", np.uint8, shape), open_memmap(masks, "w+", np.bool_, shape))
            _fill(arrays, samples, size)
            del arrays  # closes the files, so that they can be moved
            entry.mkdir(exist_ok=True)
            for path in (images, masks):
                path.replace(entry / path.name)
    finally:
        with suppress(OSError):  # it is not empty, unless nothing could be decoded
            cache.rmdir()


def _is_complete(entry: Path) -> bool:
    return all((entry / name).is_file() for name in _FILES)


def _fill(arrays: Arrays, samples: Sequence[Sample], size: int) -> None:
    for index, sample in enumerate(samples):
        arrays.images[index], arrays.masks[index] = decode(sample, size)


def _key(samples: Sequence[Sample], size: int) -> str:
    digest = hashlib.sha256(f"{_FORMAT} {size}".encode())
    for sample in samples:
        for path in (sample.image, sample.mask):
            digest.update(bytes.fromhex(sha256(path)))
    return digest.hexdigest()[:32]

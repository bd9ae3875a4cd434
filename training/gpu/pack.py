"""A data set in one small file: radiographs on the network's grid as WebP, masks as compressed bits, notes."""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt
from PIL import Image

from CausalCLIPSegLib.atomic_files import write_file
from training.data.cache import Arrays
from training.data.sample import DatasetError, Sample, Split

PACKED: tuple[Split, ...] = ("train", "val")
QUALITY = 90
"""Of WebP. A gray value then differs by about one of 255 on average."""
_METHOD = 6
"""The slowest and smallest encoding."""


class PackedSplit(NamedTuple):
    """A split without its files: the paths of the samples are empty."""

    samples: list[Sample]
    arrays: Arrays


def write_pack(path: Path, splits: dict[Split, tuple[Sequence[Sample], Arrays]], quality: int = QUALITY) -> None:
    """Write splits into a file, which appears whole or not at all.

    Args:
        path: the file, replaced if it exists.
        splits: samples with their radiographs and masks, all of one size.
        quality: of WebP, 0 to 100.

    Raises:
        OutputError: the file cannot be written.
    """
    contents: dict[str, npt.NDArray[np.uint8]] = {}
    about = {}
    for split, (samples, arrays) in splits.items():
        images = [_encode(image, quality) for image in arrays.images]
        masks = [zlib.compress(np.packbits(mask).tobytes(), 9) for mask in arrays.masks]
        contents[f"{split}_images"] = np.frombuffer(b"".join(images), np.uint8)
        contents[f"{split}_masks"] = np.frombuffer(b"".join(masks), np.uint8)
        about[split] = {
            "size": arrays.images.shape[-1],
            "rows": [(sample.name, sample.note, sample.laterality) for sample in samples],
            "images": [len(each) for each in images],
            "masks": [len(each) for each in masks],
        }
    contents["about"] = np.frombuffer(zlib.compress(json.dumps(about).encode()), np.uint8)

    def write(unfinished: Path) -> None:
        with unfinished.open("wb") as file:
            np.savez(file, **contents)  # type: ignore[arg-type]

    write_file(path, write, force=True)


def read_pack(path: Path, split: Split) -> PackedSplit:
    """Read a split of a pack.

    Raises:
        DatasetError: the file is no pack, or lacks the split.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            about = json.loads(zlib.decompress(file["about"].tobytes()))[split]
            images = _cut(file[f"{split}_images"].tobytes(), about["images"])
            masks = _cut(file[f"{split}_masks"].tobytes(), about["masks"])
        shape = (about["size"],) * 2
        arrays = Arrays(
            np.stack([np.asarray(Image.open(io.BytesIO(each)).convert("L")) for each in images]),
            np.stack([_bits(zlib.decompress(each), shape) for each in masks]),
        )
    except (OSError, EOFError, ValueError, KeyError, zlib.error, BadZipFile) as error:
        raise DatasetError(f"The file {path} is no packed data set with a {split} split.") from error
    nowhere = Path()
    samples = [Sample(name, nowhere, nowhere, note, laterality) for name, note, laterality in about["rows"]]
    return PackedSplit(samples, arrays)


def _encode(image: npt.NDArray[np.uint8], quality: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "WEBP", quality=quality, method=_METHOD)
    return file.getvalue()


def _cut(data: bytes, lengths: Sequence[int]) -> list[bytes]:
    ends = np.cumsum(lengths).tolist()
    return [data[end - length : end] for end, length in zip(ends, lengths, strict=True)]


def _bits(data: bytes, shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
    return np.unpackbits(np.frombuffer(data, np.uint8), count=shape[0] * shape[1]).reshape(shape).astype(bool)

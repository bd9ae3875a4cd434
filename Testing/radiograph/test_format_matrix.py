"""One radiograph in every format, orientation, depth, sign and compression gives the same mask.

A row is a function that writes the radiograph, float64, rows x columns, in [0, 1], to a path without an ending, and
returns the path of the file. Most rows give exactly the same array, for which the network runs once.
"""

from __future__ import annotations

import itertools
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import imagecodecs
import nibabel
import nrrd
import numpy as np
import numpy.typing as npt
import pytest
import tifffile
from PIL import Image
from pydicom.data import get_testdata_file

from CausalCLIPSegLib.model.resampling import to_network_grid
from CausalCLIPSegLib.radiograph import Radiograph, read_radiograph
from CausalCLIPSegLib.radiograph.grayscale import percentile_normalize
from CausalCLIPSegLib.radiograph.orientation import Turn
from CausalCLIPSegLib.segmenter import Segmenter

Pixels = npt.NDArray[np.float64]
Row = Callable[[Path, Pixels], Path]

NOTE = "Bilateral consolidation in the lower zones."
MIN_DICE = 0.98
GRID = 224  # rows and columns of the network's input
MAX_DIFFERENCE = 0.03  # mean difference of the pixels, in [0, 1]

TURNS = [Turn(*flags) for flags in itertools.product((False, True), repeat=3)]
DEPTHS = ("u1", "i1", "u2", "i2", "u4", "i4", "f4", "f8")


def scaled(pixels: Pixels, dtype: str) -> npt.NDArray[np.generic]:
    """Return the pixels over most of the range of a type; 8 unsigned bits over all of it."""
    kind = np.dtype(dtype)
    if kind.kind == "f":
        return (pixels * 3000 - 1000).astype(kind)
    low, high = np.iinfo(kind).min, np.iinfo(kind).max
    return np.round(low + pixels * (float(high) - low) * (1 if dtype == "u1" else 0.9)).astype(kind)


def picture(ending: str, mode: str = "L", orientation: int = 1, **options: object) -> Row:
    """Return a row that Pillow writes."""

    def write(path: Path, pixels: Pixels) -> Path:
        stored = EXIF_TURNS[orientation].stored(pixels)
        image = Image.fromarray(np.ascontiguousarray(scaled(stored, "u2" if mode == "I;16" else "u1")))
        if mode not in {"L", "I;16"}:
            image = image.convert(mode)
        exif = Image.Exif()
        exif[274] = orientation
        more = {} if ending == "bmp" else {"exif": exif}
        path = path.with_suffix(f".{ending}")
        image.save(path, **more, **options)
        return path

    return write


EXIF_TURNS = {
    1: Turn(),
    2: Turn(columns_reversed=True),
    3: Turn(rows_reversed=True, columns_reversed=True),
    4: Turn(rows_reversed=True),
    5: Turn(transposed=True),
    6: Turn(transposed=True, columns_reversed=True),
    7: Turn(transposed=True, rows_reversed=True, columns_reversed=True),
    8: Turn(transposed=True, rows_reversed=True),
}


def inverted_palette(path: Path, pixels: Pixels) -> Path:
    image = Image.fromarray(255 - scaled(pixels, "u1"))
    image.putpalette([255 - index for index in range(256) for _ in "RGB"])
    image.save(path.with_suffix(".png"))
    return path.with_suffix(".png")


def png_of_48_bits(path: Path, pixels: Pixels) -> Path:
    """Write 12-bit values into a PNG of 16 bits per channel."""
    values = np.stack([np.round(pixels * 4095).astype(np.uint16)] * 3, axis=-1)
    path = path.with_suffix(".png")
    path.write_bytes(imagecodecs.png_encode(values))
    return path


def png_with_chunk(kind: bytes, data: bytes) -> Row:
    """Return a row with a chunk that says how to show the image, which the values do not depend on."""

    def write(path: Path, pixels: Pixels) -> Path:
        path = picture("png", "I;16")(path, pixels)
        content = path.read_bytes()
        chunk = struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        path.write_bytes(content[:33] + chunk + content[33:])
        return path

    return write


def tiff(dtype: str, *, photometric: str = "minisblack", channels: int = 1, orientation: int = 1, **options) -> Row:
    """Return a row that tifffile writes."""

    def write(path: Path, pixels: Pixels) -> Path:
        stored = EXIF_TURNS[orientation].stored(1 - pixels if photometric == "miniswhite" else pixels)
        values = scaled(stored, dtype)
        if channels > 1:
            axis = 0 if options.get("planarconfig") == "separate" else -1
            values = np.stack([values] * channels, axis=axis)
        tags = [(274, "H", 1, orientation, True)]
        path = path.with_suffix(".tif")
        tifffile.imwrite(path, values, photometric=photometric, extratags=tags, **options)
        return path

    return write


def tiff_with_thumbnail(path: Path, pixels: Pixels) -> Path:
    with tifffile.TiffWriter(path.with_suffix(".tif")) as file:
        file.write(scaled(pixels[::4, ::4], "u2"), photometric="minisblack")
        file.write(scaled(pixels, "u2"), photometric="minisblack")
    return path.with_suffix(".tif")


def tiff_with_overviews(path: Path, pixels: Pixels) -> Path:
    """Write an image and a half and a quarter of it; the sides of the half are rounded up."""
    levels = [scaled(pixels[::step, ::step], "u2") for step in (1, 2, 4)]
    with tifffile.TiffWriter(path.with_suffix(".tif")) as file:
        file.write(levels[0], subifds=2, photometric="minisblack")
        for level in levels[1:]:
            file.write(level, subfiletype=1, photometric="minisblack")
    return path.with_suffix(".tif")


def affine_of(turn: Turn, scale: float = 0.3) -> npt.NDArray[np.float64]:
    """Return the RAS affine of a coronal slice that becomes upright by a turn."""
    across, down = np.array([1.0 if turn.columns_reversed else -1.0, 0, 0]), np.array([0, 0, -1.0])
    along = -down if turn.rows_reversed else down
    affine = np.eye(4)
    axes = [along, across] if turn.transposed else [across, along]
    affine[:3, :3] = np.column_stack([*axes, [0, 1.0, 0]]) * scale
    affine[:3, 3] = 10, 20, 30
    return affine


def nifti(
    dtype: str, ending: str = "nii", turn: Turn = TURNS[0], order: str = "<", slope: float = 1, version: int = 1
):
    """Return a row that nibabel writes."""

    def write(path: Path, pixels: Pixels) -> Path:
        values = scaled(turn.stored(pixels if slope > 0 else 1 - pixels), dtype)
        kinds = {1: (nibabel.Nifti1Header, nibabel.Nifti1Image), 2: (nibabel.Nifti2Header, nibabel.Nifti2Image)}
        header = kinds[version][0](endianness=order)
        header.set_data_dtype(values.dtype)
        image = kinds[version][1](values.T[:, :, np.newaxis], affine_of(turn), header)
        path = path.with_suffix(f".{ending}")
        image.to_filename(path)
        if slope != 1:  # nibabel would scale the values
            data = bytearray(path.read_bytes())
            struct.pack_into(f"{order}2f", data, 112, slope, 5.0)
            path.write_bytes(data)
        return path

    return write


def nrrd_row(dtype: str, turn: Turn = TURNS[0], encoding: str = "raw", order: str = "little") -> Row:
    """Return a row that pynrrd writes; it has no writer for hexadecimal values."""

    def write(path: Path, pixels: Pixels) -> Path:
        values = scaled(turn.stored(pixels), dtype).astype(np.dtype(dtype).newbyteorder(order[0]))
        affine = affine_of(turn)
        header = {
            "space": "right-anterior-superior",
            "space directions": affine[:3, :3].T,
            "space origin": affine[:3, 3],
            "encoding": "raw" if encoding == "hex" else encoding,
            "endian": order,
        }
        path = path.with_suffix(".nrrd")
        nrrd.write(str(path), values.T[:, :, np.newaxis], header, compression_level=1)
        if encoding == "hex":
            head, _, data = path.read_bytes().partition(b"\n\n")
            path.write_bytes(head.replace(b"encoding: raw", b"encoding: hex") + b"\n\n" + data.hex("\n", 40).encode())
        return path

    return write


ROWS: dict[str, Row] = {
    **{f"PNG {mode}": picture("png", mode) for mode in ("L", "LA", "RGB", "RGBA", "P", "I;16")},
    "PNG inverted palette": inverted_palette,
    "PNG 48 bits": png_of_48_bits,
    "PNG gAMA": png_with_chunk(b"gAMA", struct.pack(">I", 100_000)),
    "PNG sBIT": png_with_chunk(b"sBIT", b"\x0c"),
    "PNG pHYs": png_with_chunk(b"pHYs", struct.pack(">IIB", 11811, 5906, 1)),
    **{f"PNG turned {n}": picture("png", "I;16", n) for n in range(2, 9)},
    **{f"JPEG {mode}": picture("jpg", mode, quality=95) for mode in ("L", "RGB", "CMYK")},
    "JPEG progressive": picture("jpg", "L", quality=95, progressive=True),
    "JPEG dpi": picture("jpg", "L", quality=95, dpi=(300, 300)),
    **{f"JPEG turned {n}": picture("jpg", "L", n, quality=95) for n in range(2, 9)},
    **{f"BMP {mode}": picture("bmp", mode) for mode in ("L", "RGB", "P")},
    "WebP lossless": picture("webp", "RGB", lossless=True),
    "WebP": picture("webp", "RGB", quality=95),
    **{
        f"TIFF {dtype} {order} {photometric} {compression}": tiff(
            dtype, photometric=photometric, byteorder=order, compression=compression
        )
        for dtype in (*DEPTHS, "f2", "u8")
        for order in "<>"
        for photometric in ("minisblack", "miniswhite")
        for compression in (None, "zlib", "lzw", "packbits")
    },
    **{
        f"TIFF {dtype} {channels} channels {planes} {order} {compression}": tiff(
            dtype,
            photometric="rgb",
            channels=channels,
            planarconfig=planes,
            byteorder=order,
            compression=compression,
        )
        for dtype in ("u1", "u2")
        for channels in (3,)
        for planes in ("contig", "separate")
        for order in "<>"
        for compression in (None, "zlib", "lzw")
    },
    **{
        f"TIFF {dtype} {order} predictor": tiff(dtype, byteorder=order, compression="zlib", predictor=True)
        for dtype in ("u1", "u2", "i2", "f4")
        for order in "<>"
    },
    **{f"TIFF tiles {dtype}": tiff(dtype, tile=(64, 80), compression="lzw") for dtype in DEPTHS},
    **{f"TIFF strips {dtype}": tiff(dtype, rowsperstrip=7) for dtype in DEPTHS},
    **{f"BigTIFF {dtype} {order}": tiff(dtype, bigtiff=True, byteorder=order) for dtype in DEPTHS for order in "<>"},
    **{f"TIFF turned {n} {d}": tiff(d, orientation=n) for n in range(2, 9) for d in ("u1", "u2", "i2", "f8")},
    "TIFF zstd": tiff("u2", compression="zstd"),
    "TIFF with a thumbnail": tiff_with_thumbnail,
    "TIFF with overviews": tiff_with_overviews,
    **{
        f"NIfTI {dtype} {order} {ending} {slope}": nifti(dtype, ending, order=order, slope=slope)
        for dtype in (*DEPTHS, "u8", "i8")
        for order in "<>"
        for ending, slope in (("nii", 1), ("nii.gz", 1), ("nii", 0.5), ("nii", -2))
    },
    **{f"NIfTI {turn}": nifti("i2", "nii.gz", turn) for turn in TURNS},
    **{f"NIfTI-2 {dtype} {order}": nifti(dtype, "nii", order=order, version=2) for dtype in DEPTHS for order in "<>"},
    **{
        f"NRRD {dtype} {order} {encoding}": nrrd_row(dtype, encoding=encoding, order=order)
        for dtype in (*DEPTHS, "u8", "i8")
        for order in ("little", "big")
        for encoding in ("raw", "gzip", "bzip2", "ascii", "hex")
    },
    **{f"NRRD {turn}": nrrd_row("u2", turn) for turn in TURNS},
}


@pytest.fixture(scope="module")
def radiograph() -> Radiograph:
    """Return a real radiograph; its pixels keep their values if they are stretched."""
    pixels = read_radiograph(get_testdata_file("RG1_UNCR.dcm")).pixels[::4, ::4]
    return Radiograph(percentile_normalize(pixels), None, np.eye(4), "plain")


class Masks:
    """Masks of radiographs; the network runs once for each array on its grid."""

    def __init__(self) -> None:
        self.segmenter = Segmenter.from_checkpoint("default", "cpu")
        self.known: dict[bytes, npt.NDArray[np.bool_]] = {}

    def __getitem__(self, radiograph: Radiograph) -> npt.NDArray[np.bool_]:
        grid = np.round(to_network_grid(radiograph.pixels, GRID) * 100).astype(np.int8)
        key = grid.tobytes()
        if key not in self.known:
            self.segmenter.set_radiograph(radiograph, mirrored=False)
            self.known[key] = self.segmenter.ask(NOTE).mask
        return self.known[key]


@pytest.fixture(scope="module")
def masks() -> Masks:
    return Masks()


@pytest.mark.parametrize("row", ROWS)
def test_gives_the_same_mask(tmp_path: Path, radiograph: Radiograph, masks: Masks, row: str) -> None:
    path = ROWS[row](tmp_path / "image", radiograph.pixels.astype(np.float64))
    read = read_radiograph(path)
    assert read.pixels.shape == radiograph.pixels.shape
    assert np.abs(read.pixels - radiograph.pixels).mean() < MAX_DIFFERENCE
    expected, mask = masks[radiograph], masks[read]
    assert expected.any()
    assert 2 * (expected & mask).sum() >= MIN_DICE * (expected.sum() + mask.sum())

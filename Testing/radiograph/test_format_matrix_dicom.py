"""One radiograph in every depth, sign, bit position and compression of DICOM gives the same pixels, or a refusal.

A row returns the data set of the radiograph (12 bits, uint16, rows x columns) in some form. Rows whose pixels equal
those of the plain form give the same mask, so no network is needed here.
"""

from __future__ import annotations

import copy
import struct
from collections.abc import Callable
from typing import Any

import imagecodecs
import numpy as np
import numpy.typing as npt
import pytest
from pydicom import Dataset, dcmread, uid
from pydicom.data import get_testdata_file
from pydicom.encaps import encapsulate

from CausalCLIPSegLib.errors import RadiographError
from CausalCLIPSegLib.radiograph import read_radiograph
from CausalCLIPSegLib.radiograph.dicom_bits import CONTRADICTION
from CausalCLIPSegLib.radiograph.dicom_frame import MORE_BYTES

Image = npt.NDArray[Any]
Row = Callable[["Kit", Image], Dataset]

BASELINE, EXTENDED, LOSSLESS = uid.JPEGBaseline8Bit, uid.JPEGExtended12Bit, uid.JPEGLosslessSV1
JPEG_LS, JPEG_2000, HIGH_THROUGHPUT = uid.JPEGLSLossless, uid.JPEG2000Lossless, uid.HTJ2KLossless
SIGN = 2048
LOSSY = 0.04
"""Largest difference that lossy compression may make; a window or a sign that is read wrong makes ten times more."""


class Kit:
    """Makes data sets of a radiograph."""

    def __init__(self, make: Callable[..., Dataset]) -> None:
        self.make = make

    def native(self, stored: Image, bits: int, **elements: Any) -> Dataset:
        return self.make(np.ascontiguousarray(stored), bits, **elements)

    def framed(self, syntax: str, frame: bytes, stored: Image, bits: int, **elements: Any) -> Dataset:
        dataset = self.native(stored, bits, **elements)
        dataset.PixelData = encapsulate([frame])
        dataset["PixelData"].VR = "OB"
        dataset["PixelData"].is_undefined_length = True
        dataset.file_meta.TransferSyntaxUID = syntax
        return dataset


def native(change: Callable[[Image], Image] = lambda image: image, bits: int = 12, **elements: Any) -> Row:
    return lambda kit, image: kit.native(change(image), bits, **elements)


def compressed(
    syntax: str,
    encode: Callable[..., bytes],
    change: Callable[[Image], Image] = lambda image: image,
    bits: int = 12,
    elements: dict[str, Any] | None = None,
    **options: Any,
) -> Row:
    """Return a row whose frame is `change(image)`, encoded; the header is that of the frame except for `elements`."""

    def build(kit: Kit, image: Image) -> Dataset:
        frame = np.ascontiguousarray(change(image))
        if encode is run_lengths:
            dataset = kit.native(frame, bits, **(elements or {}))
            dataset.compress(uid.RLELossless)
            return dataset
        return kit.framed(syntax, encode(frame, **options), frame, bits, **(elements or {}))

    return build


def run_lengths(frame: Image) -> bytes:
    raise NotImplementedError("pydicom encodes run lengths")


jpeg, jpeg_ls, jpeg_2000 = imagecodecs.jpeg8_encode, imagecodecs.jpegls_encode, imagecodecs.jpeg2k_encode


def signed(image: Image) -> Image:
    return image.astype(np.int16) - SIGN


def not_extended(image: Image) -> Image:
    """Return signed values of 12 bits without copies of the sign in the bits above."""
    return signed(image).view(np.uint16) & 0xFFF


def extended(image: Image) -> Image:
    return signed(image).view(np.uint16)


def as_32_bits(image: Image) -> Image:
    return image.astype(np.uint32)


def to_16_bits(image: Image) -> Image:
    return (image * 16).astype(np.uint16)


def lines(image: Image) -> Image:
    """Return 1 on thin lines, as a graphic over the image, else 0."""
    row, column = np.indices(image.shape)
    return ((row + column) % 50 < 2).astype(np.uint16)


def edges(image: Image) -> Image:
    """Return 1 where the image has its sharpest edges, as a contour that was drawn along them."""
    steps = np.abs(np.diff(image.astype(int), axis=1, prepend=image[:, :1]))
    return (steps > np.quantile(steps, 0.97)).astype(np.uint16)


def dark_areas(image: Image) -> Image:
    """Return 1 in dark areas, as a mask of the lungs."""
    return (image < 1600).astype(np.uint16)


def with_overlay(bit: int, draw: Callable[[Image], Image] = lines) -> Callable[[Image], Image]:
    return lambda image: image | draw(image) << bit


def bytes_of(image: Image) -> Image:
    return (image >> 4).astype(np.uint8)


def channels_of(image: Image) -> Image:
    return np.stack([bytes_of(image)] * 3, axis=-1)


def ten_bits(image: Image) -> Image:
    return image >> 2


def shifted(bits: int) -> Callable[[Image], Image]:
    return lambda image: image << bits


SIGNED = {"PixelRepresentation": 1}
GRAY = {"SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2"}
INVERTED = {"SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME1"}

EXACT: dict[str, Row] = {
    "signed": native(signed),
    "signed, bits above not extended": native(not_extended, **SIGNED),
    "16 bits": native(to_16_bits, 16),
    "32 bits": native(as_32_bits),
    "12 of 16 bits": native(bits=16),
    "in the upper bits": native(shifted(4), HighBit=15),
    "in the middle bits": native(shifted(2), HighBit=13),
    "in the upper bits, over an overlay": native(lambda image: image << 4 | lines(image), HighBit=15),
    "overlay in the highest bit": native(with_overlay(15)),
    "overlay in the next bit": native(with_overlay(12)),
    **{
        f"overlay of {draw.__name__} in bit {bit}": native(with_overlay(bit, draw))
        for draw in (edges, dark_areas)
        for bit in (12, 13, 15)
    },
    "two overlays": native(lambda image: image | edges(image) << 12 | dark_areas(image) << 13),
    "signed with overlay": native(lambda image: not_extended(image) | lines(image) << 15, **SIGNED),
    "lossless JPEG": compressed(LOSSLESS, jpeg, lossless=True, bitspersample=16),
    "lossless JPEG of 12 bits": compressed(LOSSLESS, jpeg, lossless=True, bitspersample=12),
    "lossless JPEG, process 14": compressed(uid.JPEGLossless, jpeg, lossless=True, bitspersample=12, predictor=4),
    "lossless JPEG with overlay": compressed(LOSSLESS, jpeg, with_overlay(15), lossless=True, bitspersample=16),
    "lossless JPEG, signed": compressed(LOSSLESS, jpeg, extended, elements=SIGNED, lossless=True, bitspersample=16),
    "JPEG-LS": compressed(JPEG_LS, jpeg_ls),
    "JPEG-LS with overlay": compressed(JPEG_LS, jpeg_ls, with_overlay(15)),
    "JPEG-LS, signed": compressed(JPEG_LS, jpeg_ls, extended, elements=SIGNED),
    "JPEG-LS, signed, not extended": compressed(JPEG_LS, jpeg_ls, not_extended, elements=SIGNED),
    "JPEG 2000": compressed(JPEG_2000, jpeg_2000, level=0),
    "JPEG 2000 of 12 bits": compressed(JPEG_2000, jpeg_2000, level=0, bitspersample=12),
    "JPEG 2000 as a JP2 file": compressed(JPEG_2000, jpeg_2000, level=0, codecformat="jp2"),
    "JPEG 2000 with overlay": compressed(JPEG_2000, jpeg_2000, with_overlay(15), level=0),
    "JPEG 2000, signed": compressed(JPEG_2000, jpeg_2000, signed, level=0, bitspersample=12),
    "JPEG 2000, unsigned stream of signed values": compressed(
        JPEG_2000, jpeg_2000, not_extended, elements=SIGNED, level=0, bitspersample=12
    ),
    "JPEG 2000 under the name of JPEG-LS": compressed(JPEG_LS, jpeg_2000, level=0),
    "run lengths": compressed(uid.RLELossless, run_lengths),
    "run lengths with overlay": compressed(uid.RLELossless, run_lengths, with_overlay(15)),
    "run lengths, signed": compressed(uid.RLELossless, run_lengths, signed),
}
if hasattr(imagecodecs, "htj2k_encode") and imagecodecs.HTJ2K.available:
    EXACT["high-throughput JPEG 2000"] = compressed(HIGH_THROUGHPUT, imagecodecs.htj2k_encode)
    EXACT["high-throughput JPEG 2000, signed"] = compressed(HIGH_THROUGHPUT, imagecodecs.htj2k_encode, signed)

CONTRADICTORY: dict[str, Row] = {
    "High Bit 15, not shifted": native(HighBit=15),
    "High Bit 7": native(HighBit=7),
    "High Bit 20": native(HighBit=20),
    "10 bits stored": native(bits=10),
    "8 bits stored": native(bits=8),
    "20 bits stored": native(bits=20),
    "10 bits stored, run lengths": compressed(uid.RLELossless, run_lengths, bits=10),
    "10 bits stored, JPEG-LS": compressed(JPEG_LS, jpeg_ls, bits=10),
    "10 bits stored, JPEG 2000": compressed(JPEG_2000, jpeg_2000, bits=10, level=0),
    **{
        f"{bits} bits in the other byte order": native(
            lambda image, bits=bits: (image if bits == 12 else image << 4).byteswap(), bits
        )
        for bits in (12, 16)
    },
    "in the upper bits, in the other byte order": native(lambda image: (image << 4).byteswap(), HighBit=15),
    "signed, in the other byte order": native(lambda image: signed(image).byteswap()),
    "signed called unsigned": native(signed, PixelRepresentation=0),
    "signed of 16 bits called unsigned": native(signed, 16, PixelRepresentation=0),
    "unsigned called signed": native(**SIGNED),
    "unsigned of 16 bits called signed": native(lambda image: image * 16, 16, **SIGNED),
    "signed JPEG 2000 called unsigned": compressed(
        JPEG_2000, jpeg_2000, signed, elements={"PixelRepresentation": 0}, level=0, bitspersample=12
    ),
    "JPEG 2000 called signed": compressed(JPEG_2000, jpeg_2000, elements=SIGNED, level=0, bitspersample=12),
}

CLOSE: dict[str, Row] = {
    "8 bits": native(bytes_of, 8),
    "JPEG": compressed(BASELINE, jpeg, bytes_of, 8, level=98),
    "JPEG, 16 bits allocated": compressed(BASELINE, jpeg, bytes_of, 8, {"BitsAllocated": 16}, level=98),
    "JPEG, 16 bits stored": compressed(BASELINE, jpeg, bytes_of, 16, {"BitsAllocated": 16, "HighBit": 15}, level=98),
    "JPEG of 3 components called gray": compressed(BASELINE, jpeg, channels_of, 8, GRAY, level=98),
    "JPEG of 3 components called gray, in RGB": compressed(
        BASELINE, jpeg, channels_of, 8, GRAY, level=98, outcolorspace="RGB"
    ),
    "JPEG of 3 components called inverted gray": compressed(
        BASELINE, jpeg, lambda image: 255 - channels_of(image), 8, INVERTED, level=98
    ),
    "JPEG in RGB": compressed(BASELINE, jpeg, channels_of, 8, level=98, outcolorspace="RGB"),
    "JPEG in YCbCr called RGB": compressed(BASELINE, jpeg, channels_of, 8, level=98),
    "JPEG in YCbCr": compressed(
        BASELINE, jpeg, channels_of, 8, {"PhotometricInterpretation": "YBR_FULL_422"}, level=98
    ),
    "JPEG 2000 of 3 components called gray": compressed(JPEG_2000, jpeg_2000, channels_of, 8, GRAY, level=0),
    "JPEG-LS in RGB": compressed(JPEG_LS, jpeg_ls, channels_of, 8),
    "RGB": native(channels_of, 8),
    "RGB by planes": lambda kit, image: kit.native(
        channels_of(image), 8, PlanarConfiguration=1, PixelData=bytes_of(image).tobytes() * 3
    ),
    "RGB by planes, called pixel by pixel": lambda kit, image: kit.native(
        channels_of(image), 8, PixelData=bytes_of(image).tobytes() * 3
    ),
    "RGB called by planes": native(channels_of, 8, PlanarConfiguration=1),
    "RGB of 16 bits by planes, called pixel by pixel": lambda kit, image: kit.native(
        np.stack([to_16_bits(image)] * 3, axis=-1), 16, PixelData=to_16_bits(image).tobytes() * 3
    ),
    "YCbCr": lambda kit, image: kit.native(
        np.stack([bytes_of(image), *(np.full(image.shape, 128, np.uint8),) * 2], axis=-1),
        8,
        PhotometricInterpretation="YBR_FULL",
    ),
    "JPEG of 12 bits": compressed(EXTENDED, jpeg, level=98, bitspersample=12),
    "JPEG of 12 bits, 16 stored": compressed(EXTENDED, jpeg, bits=16, level=98, bitspersample=12),
    "JPEG of 12 bits of an image of 10": compressed(EXTENDED, jpeg, ten_bits, 10, level=98, bitspersample=12),
    "JPEG of 12 bits in a header of 10": compressed(EXTENDED, jpeg, bits=10, level=98, bitspersample=12),
    "JPEG of 12 bits that overshoots 10": compressed(
        EXTENDED, jpeg, lambda image: np.minimum(ten_bits(image) + 8, 1027), 10, level=98, bitspersample=12
    ),
    "JPEG-LS, nearly lossless": compressed(uid.JPEGLSNearLossless, jpeg_ls, level=3),
}

LARGER_THAN_STORED = ("JPEG of 12 bits in a header of 10", "JPEG of 12 bits that overshoots 10")


@pytest.fixture(scope="module")
def image() -> Image:
    """Return a real radiograph, 440 x 440, as values from 0 to 4095."""
    stored = dcmread(str(get_testdata_file("RG3_UNCR.dcm", download=False))).pixel_array[::4, ::4]
    return np.round(stored / stored.max() * 4095).astype(np.uint16)


@pytest.fixture
def read(make_dataset, dicom_bytes, tmp_path):
    """Return a function that writes a row and reads it back."""

    def read_row(row: Row, image: Image):
        path = tmp_path / "image.dcm"
        path.write_bytes(dicom_bytes(row(Kit(make_dataset), image)))
        return read_radiograph(path)

    return read_row


@pytest.mark.parametrize("name", EXACT)
def test_pixels_do_not_depend_on_the_form(read, image, name):
    radiograph = read(EXACT[name], image)
    np.testing.assert_allclose(radiograph.pixels, read(native(), image).pixels, rtol=0, atol=1e-6)
    assert radiograph.warnings == ()


@pytest.mark.parametrize("name", CONTRADICTORY)
def test_a_header_that_contradicts_its_pixels_is_noticed(read, image, name):
    radiograph = read(CONTRADICTORY[name], image)
    np.testing.assert_allclose(radiograph.pixels, read(native(), image).pixels, rtol=0, atol=1e-6)
    assert radiograph.warnings == (CONTRADICTION,)


@pytest.mark.parametrize("name", CLOSE)
def test_lossy_forms_are_close(read, image, name):
    stretched, full_range = read(native(), image).pixels, bytes_of(image) / 255
    radiograph = read(CLOSE[name], image)
    pixels = radiograph.pixels
    assert radiograph.warnings == ((CONTRADICTION,) if name in LARGER_THAN_STORED else ())
    assert min(np.abs(pixels - expected).max() for expected in (stretched, full_range)) < LOSSY


def with_frame(change: Callable[[bytes], bytes]) -> Row:
    """Return a row whose compressed pixel data are `change(frame)`, with the items that hold it."""

    def build(kit: Kit, image: Image) -> Dataset:
        frame = jpeg_ls(image)
        dataset = kit.framed(JPEG_LS, frame, image, 12)
        dataset.PixelData = change(frame)
        return dataset

    return build


def with_wrong_offsets(frame: bytes) -> bytes:
    data = bytearray(encapsulate([frame], fragments_per_frame=7))
    data[8:12] = struct.pack("<I", 1000)
    return bytes(data)


FRAGMENTS = {
    "seven fragments": with_frame(lambda frame: encapsulate([frame], fragments_per_frame=7)),
    "an empty offset table": with_frame(lambda frame: encapsulate([frame], fragments_per_frame=7, has_bot=False)),
    "wrong offsets": with_frame(with_wrong_offsets),
    "no frames": native(NumberOfFrames=0),
    "a byte behind": lambda kit, image: kit.native(image, 12, PixelData=image.tobytes() + b"\0\0"),
    "a block of zeros behind": lambda kit, image: kit.native(image, 12, PixelData=image.tobytes() + bytes(4096)),
    "megabytes of zeros behind": lambda kit, image: kit.native(image, 12, PixelData=image.tobytes() + bytes(10**7)),
}


@pytest.mark.parametrize("name", FRAGMENTS)
def test_pixels_do_not_depend_on_their_packing(read, image, name):
    radiograph = read(FRAGMENTS[name], image)
    np.testing.assert_array_equal(radiograph.pixels, read(native(), image).pixels)
    assert radiograph.warnings == ()


@pytest.mark.parametrize("count", [2, 512, 4096])
def test_warns_about_bytes_behind_the_pixels(read, image, count):
    more = np.random.default_rng(0).bytes(count)
    radiograph = read(lambda kit, image: kit.native(image, 12, PixelData=image.tobytes() + more), image)
    np.testing.assert_array_equal(radiograph.pixels, read(native(), image).pixels)
    assert radiograph.warnings == (MORE_BYTES,)


REFUSED: dict[str, tuple[str, Row]] = {
    "too few columns": ("do not fit", lambda kit, image: kit.native(image, 12, Columns=image.shape[1] - 1)),
    "frames that the header hides": (
        "do not fit",
        lambda kit, image: kit.native(image, 12, PixelData=image.tobytes() * 3),
    ),
    "32 bits called 16": ("do not fit", native(as_32_bits, BitsAllocated=16)),
    "packed bits": ("in a way", native(BitsAllocated=12)),
    "64 bits": ("in a way", native(lambda image: image.astype(np.uint64), BitsAllocated=64)),
    "no polarity": ("black or white", native(PhotometricInterpretation=None)),
    "a truncated JPEG": ("damaged", compressed(BASELINE, lambda frame: jpeg(frame)[:-2000], bytes_of, 8)),
    "a truncated lossless JPEG": (
        "damaged",
        compressed(LOSSLESS, lambda frame: jpeg(frame, lossless=True)[:-2000], bytes_of, 8),
    ),
    "a truncated JPEG-LS": ("damaged", compressed(JPEG_LS, lambda frame: jpeg_ls(frame)[:-2000])),
    "a truncated JPEG 2000": ("damaged", compressed(JPEG_2000, lambda frame: jpeg_2000(frame, level=0)[:-2000])),
    "progressive JPEG of another size": (
        "damaged",
        compressed(BASELINE, lambda frame: jpeg(frame[::2]), bytes_of, 8),
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refuses_in_a_sentence(read, image, name):
    expected, row = REFUSED[name]
    with pytest.raises(RadiographError, match=expected):
        read(row, image)


@pytest.mark.parametrize("keyword", ["Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "SamplesPerPixel"])
def test_refuses_a_size_that_is_given_many_times(image, make_dataset, dicom_bytes, tmp_path, keyword):
    data = dicom_bytes(make_dataset(image))
    element = make_dataset(image)[keyword]
    header = struct.pack("<HH2sH", element.tag.group, element.tag.element, b"US", 2)
    at = data.index(header)
    many = struct.pack("<H", element.value) * 30_000
    path = tmp_path / "image.dcm"
    path.write_bytes(data[:at] + header[:6] + struct.pack("<H", len(many)) + many + data[at + 10 :])
    with pytest.raises(RadiographError, match="contradicts itself about the size or bits"):
        read_radiograph(path)


def palette(kit: Kit, image: Image, *, entries: int = 256, bits: int = 16, tint: float = 1.0) -> Dataset:
    """Return a data set of inverted indices into an inverted palette of gray, or of gray with a tint."""
    scale = 2**bits - 1
    dataset = kit.native(255 - bytes_of(image), 8, PhotometricInterpretation="PALETTE COLOR")
    ramp = np.linspace(scale, 0, entries)
    for color, factor in (("Red", tint), ("Green", 1.0), ("Blue", 1.0)):
        setattr(dataset, f"{color}PaletteColorLookupTableDescriptor", [entries, 0, bits])
        table = np.round(ramp * factor).astype("<u2" if bits == 16 else "u1")
        dataset.add_new(f"{color}PaletteColorLookupTableData", "OW", table.tobytes())
    return dataset


@pytest.mark.parametrize("bits", [8, 16])
def test_reads_a_palette_of_gray(read, image, bits):
    radiograph = read(lambda kit, image: palette(kit, image, bits=bits), image)
    np.testing.assert_allclose(radiograph.pixels, bytes_of(image) / 255, atol=0.005)


def test_refuses_a_palette_of_colors(read, image):
    def row(kit: Kit, image: Image) -> Dataset:
        dataset = palette(kit, image)
        rainbow = np.sin(np.arange(256) / 20) * 32767 + 32767
        dataset.RedPaletteColorLookupTableData = rainbow.astype("<u2").tobytes()
        return dataset

    with pytest.raises(RadiographError, match="in color"):
        read(row, image)


def table_of(first: int, vr: str, entries: Image | None = None, data_vr: str = "OW") -> Dataset:
    entries = np.arange(4096) * 16 if entries is None else entries
    item = Dataset()
    item.add_new("LUTDescriptor", vr, [len(entries) % 65536, first, 16])
    item.add_new("LUTData", data_vr, entries.astype("<u2").tobytes())
    return item


NEGATIVE = {"RescaleSlope": 1, "RescaleIntercept": -SIGN}
TABLES: dict[str, Row] = {
    "signed": native(signed, VOILUTSequence=[table_of(-SIGN, "SS")]),
    "signed, called unsigned": native(signed, VOILUTSequence=[table_of(65536 - SIGN, "US")]),
    "after a rescaling": native(VOILUTSequence=[table_of(-SIGN, "SS")], **NEGATIVE),
    "after a rescaling, called unsigned": native(VOILUTSequence=[table_of(65536 - SIGN, "US")], **NEGATIVE),
    "modality, signed, called unsigned": native(signed, ModalityLUTSequence=[table_of(65536 - SIGN, "US")]),
    "data of unknown representation": native(VOILUTSequence=[table_of(0, "US", data_vr="UN")]),
}


@pytest.mark.parametrize("name", TABLES)
def test_the_sign_of_a_lookup_table_does_not_depend_on_its_representation(read, image, name):
    expected = read(native(VOILUTSequence=[table_of(0, "US")]), image).pixels
    if name.startswith("modality"):
        expected = read(native(), image).pixels
    np.testing.assert_allclose(read(TABLES[name], image).pixels, expected, atol=1e-3)


@pytest.mark.parametrize("count", [1, 2, 4, 8, 14])
@pytest.mark.parametrize("vr", ["OW", "UN"])
def test_the_first_of_many_large_tables_is_used(read, image, count, vr):
    root = np.sqrt(np.arange(65536) / 4095).clip(0, 1) * 65535
    others = [table_of(0, "US", np.arange(65536)[::-1]) for _ in range(count - 1)]
    radiograph = read(native(VOILUTSequence=[table_of(0, "US", root, vr), *others]), image)
    np.testing.assert_allclose(radiograph.pixels, np.sqrt(image / 4095), atol=1e-3)
    assert radiograph.warnings == ()


def test_tables_that_are_too_many_are_refused_and_not_dropped(read, image):
    table = table_of(0, "US", np.arange(65536))
    with pytest.raises(RadiographError, match="longer than"):
        read(native(VOILUTSequence=[copy.deepcopy(table) for _ in range(40)]), image)


def test_other_long_sequences_do_not_cost_the_table(read, image):
    """Sequences that are not needed stand before the table, and together are longer than is read of them."""
    item = Dataset()
    item.add_new("IconImageSequence", "SQ", [])
    item.add_new("PixelData", "OB", bytes(600_000))
    row = native(IconImageSequence=[item], VOILUTSequence=[table_of(0, "US")])
    expected = read(native(VOILUTSequence=[table_of(0, "US")]), image).pixels
    np.testing.assert_array_equal(read(row, image).pixels, expected)


PADDED = {
    "signed": (-32768, "SS", {"bits": 16}),
    "signed, called unsigned": (32768, "US", {"bits": 16}),
    "signed, as text": ("-32768", "IS", {"bits": 16}),
    "signed, as bytes": (b"\x00\x80", "OW", {"bits": 16}),
}


@pytest.mark.parametrize("name", PADDED)
def test_the_sign_of_padding_does_not_depend_on_its_representation(read, image, name):
    value, vr, options = PADDED[name]

    def row(kit: Kit, image: Image) -> Dataset:
        stored = signed(image)
        stored[:20] = -32768
        dataset = kit.native(stored, options["bits"])
        dataset.add_new("PixelPaddingValue", vr, value)
        return dataset

    pixels = read(row, image).pixels
    assert (pixels[:20] == 0).all()
    np.testing.assert_allclose(pixels[20:], read(native(lambda image: image[20:]), image).pixels, atol=1e-6)


def test_padding_may_use_bits_above_bits_stored(read, image):
    def row(kit: Kit, image: Image) -> Dataset:
        stored = image.copy()
        stored[:20] = 65535
        return kit.native(stored, 12, PixelPaddingValue=65535)

    pixels = read(row, image).pixels
    assert (pixels[:20] == 0).all()
    np.testing.assert_allclose(pixels[20:], read(native(lambda image: image[20:]), image).pixels, atol=1e-6)


def test_reads_run_lengths_that_look_like_the_scans_of_a_jpeg(read, image):
    """A scan of a JPEG begins with FF DA, which occurs in other data by chance."""
    stored = np.where(np.indices(image.shape)[1] % 4 < 2, 0xFF, 0xDA).astype(np.uint8)
    stored[::2] = bytes_of(image)[::2]
    plain = read(native(lambda image: stored, 8), image).pixels
    np.testing.assert_array_equal(
        read(compressed(uid.RLELossless, run_lengths, lambda image: stored, 8), image).pixels, plain
    )

"""Files that are not radiographs are rejected quickly, in one sentence, with the technical cause chained."""

import gzip
import io
import os
import socket
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from PIL import Image
from pydicom import Dataset, dcmread, uid
from pydicom.encaps import encapsulate, generate_frames
from pydicom.pixels import get_encoder
from reading_costs import assert_cheap, reading_costs

from CausalCLIPSegLib.errors import RadiographError
from CausalCLIPSegLib.radiograph import read_radiograph

PIXEL_DATA = b"\xe0\x7f\x10\0"
SAMPLES_PER_PIXEL, PATIENT_NAME = b"\x28\0\x02\0", b"\x10\0\x10\0"
UNDEFINED_LENGTH = 0xFFFFFFFF
SEQUENCE, LOOKUP_TABLE, PRIVATE = 0x00081140, 0x00283010, 0x00091010
END_OF_ITEM, END_OF_SEQUENCE = struct.pack("<HHI", 0xFFFE, 0xE00D, 0), struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
OPEN_ITEM = struct.pack("<HHI", 0xFFFE, 0xE000, UNDEFINED_LENGTH)


class Kit:
    """Makes valid files of all formats, for the cases to spoil."""

    def __init__(self, stored, make_dataset, dicom_bytes, folder):
        self.stored, self.make, self.save, self.folder = stored, make_dataset, dicom_bytes, folder
        self.gray = (stored >> 4).astype(np.uint8)
        self.color = np.stack([self.gray, 255 - self.gray, self.gray], axis=-1)

    def dicom(self, stored=None, bits=12, **elements):
        return self.save(self.make(self.stored if stored is None else stored, bits, **elements))

    def compressed(self, syntax, stored=None, bits=12):
        if not get_encoder(syntax).is_available:
            pytest.skip("no encoder for this transfer syntax is installed")
        dataset = self.make(self.stored if stored is None else stored, bits)
        dataset.compress(syntax)
        return dataset

    def raster(self, values=None, format="PNG", **options):
        image = (
            values if isinstance(values, Image.Image) else Image.fromarray(self.stored if values is None else values)
        )
        buffer = io.BytesIO()
        image.save(buffer, format=format, **options)
        return buffer.getvalue()

    def volume(self, values, ending="nrrd", vector=False, **metadata):
        path = self.folder / f"made.{ending}"
        image = SimpleITK.GetImageFromArray(values, isVector=vector)
        for key, value in metadata.items():
            image.SetMetaData(key, value)
        SimpleITK.WriteImage(image, str(path))
        return path.read_bytes()


@pytest.fixture
def kit(stored, make_dataset, dicom_bytes, tmp_path):
    folder = tmp_path / "kit"
    folder.mkdir()
    return Kit(stored, make_dataset, dicom_bytes, folder)


def dicomdir(kit):
    dataset = Dataset()
    dataset.file_meta = kit.make(kit.stored).file_meta
    dataset.file_meta.MediaStorageSOPClassUID = uid.MediaStorageDirectoryStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    dataset.FileSetID, dataset.DirectoryRecordSequence = "CD", []
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def with_view_code(kit):
    item = Dataset()
    item.CodeMeaning = "left lateral"
    return kit.dicom(ViewCodeSequence=[item])


def with_frames(kit, dataset, *frames, syntax=None, **elements):
    """Return a file of a data set with other compressed frames, and other elements."""
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    if frames:
        dataset.PixelData = encapsulate(list(frames))
        dataset["PixelData"].is_undefined_length = True
    if syntax:
        dataset.file_meta.TransferSyntaxUID = syntax
    return kit.save(dataset)


def changed_frame(syntax, change, *stored):
    def build(kit):
        dataset = kit.compressed(syntax, *stored)
        return with_frames(kit, dataset, bytes(change(next(generate_frames(dataset.PixelData, number_of_frames=1)))))

    return build


def compressed_with(syntax, stored=None, **elements):
    return lambda kit: with_frames(kit, kit.compressed(syntax, stored), **elements)


def cut(frame):
    return frame[: len(frame) // 2]


def declare_65535_x_65535(frame):
    """Change the size in the SIZ marker of a JPEG 2000 stream."""
    at = frame.index(b"\xff\x51") + 6
    return frame[:at] + struct.pack(">II", 65535, 65535) + frame[at + 8 :]


def more_channels_than_declared(kit):
    dataset = kit.compressed(uid.JPEG2000Lossless, large_color(1000), 8)
    frame = next(generate_frames(dataset.PixelData, number_of_frames=1)) + bytes(20_000)
    return with_frames(kit, dataset, frame, SamplesPerPixel=1, PhotometricInterpretation="MONOCHROME2")


def damaged_deflated(kit):
    dataset = kit.make(kit.stored)
    dataset.file_meta.TransferSyntaxUID = uid.DeflatedExplicitVRLittleEndian
    data = kit.save(dataset)
    return data[:500] + b"\xff" * 100 + data[600:]


def meta_end(data):
    return 144 + dcmread(io.BytesIO(data), stop_before_pixels=True).file_meta.FileMetaInformationGroupLength


def deflated(kit, *chunks, data=None):
    """Return a deflated file of a data set with further chunks after it."""
    plain = kit.dicom() if data is None else data
    empty = kit.make(kit.stored)
    empty.file_meta.TransferSyntaxUID = uid.DeflatedExplicitVRLittleEndian
    head = kit.save(empty)
    deflater = zlib.compressobj(1, zlib.DEFLATED, -15)
    packed = [deflater.compress(chunk) for chunk in (plain[meta_end(plain) :], *chunks)]
    return head[: meta_end(head)] + b"".join(packed) + deflater.flush()


def deflate_bomb(kit):
    return deflated(kit, *[bytes(10_000_000)] * 50)


def element(tag, vr, value=b"", length=None):
    """Return an element with a length of four bytes."""
    length = len(value) if length is None else length
    return struct.pack("<HH2sHI", tag >> 16, tag & 0xFFFF, vr, 0, length) + value


def item(value=b""):
    return struct.pack("<HHI", 0xFFFE, 0xE000, len(value)) + value


def empty_elements(count, group=0x10):
    return b"".join(struct.pack("<HH2sH", group + 2 * (n >> 16), n & 0xFFFF, b"LO", 0) for n in range(count))


def nested(value):
    """Return a sequence in a sequence; only the inner one declares its length."""
    return element(SEQUENCE, b"SQ", OPEN_ITEM + value + END_OF_ITEM + END_OF_SEQUENCE, UNDEFINED_LENGTH)


def inserted(kit, data, before=PATIENT_NAME):
    """Return a valid file with bytes inserted before an element of its header."""
    good = kit.dicom()
    at = good.index(before, meta_end(good))
    return good[:at] + data + good[at:]


def with_large_sequence(kit):
    return inserted(kit, element(LOOKUP_TABLE, b"SQ", item(empty_elements(60_000))), SAMPLES_PER_PIXEL)


def with_three_large_sequences(kit):
    sequences = [element(LOOKUP_TABLE + 2 * n, b"SQ", item(empty_elements(20_000))) for n in range(3)]
    return inserted(kit, b"".join(sequences), SAMPLES_PER_PIXEL)


def with_large_meta_information(kit):
    data = kit.dicom()
    return data[: meta_end(data)] + empty_elements(60_000, 2) * 50 + data[meta_end(data) :]


def with_many_values(kit):
    value = struct.pack("<2sH", b"DS", 65534) + b"1\\" * 32767
    elements = b"".join(struct.pack("<HH", 0x18, n) + value for n in (0x50, 0x60, 0x90, 0x1110))
    return inserted(kit, elements, SAMPLES_PER_PIXEL)


def with_many_bits_allocated(kit):
    data = kit.dicom()
    at = data.index(struct.pack("<HH2sHH", 0x28, 0x100, b"US", 2, 16))
    many = struct.pack("<HH2sH", 0x28, 0x100, b"US", 60_000) + struct.pack("<H", 16) * 30_000
    return data[:at] + many + data[at + 10 :]


def with_pixel_data(data, vr, value, length=None):
    return data[: data.rindex(PIXEL_DATA)] + element(0x7FE00010, vr, value, length)


def with_fragments(kit, fragments):
    data = kit.save(kit.compressed(uid.JPEG2000Lossless))
    return with_pixel_data(data, b"OB", fragments + END_OF_SEQUENCE, UNDEFINED_LENGTH)


def large_color(side, channels=3):
    """Return a large color image that compresses well."""
    return np.broadcast_to(np.arange(channels, dtype=np.uint8) * 80, (side, side, channels))


def palette(image):
    image.putpalette([value for index in range(256) for value in (index, 255 - index, 0)])
    return image


def tiff(rows, columns, data, samples=1, tags=None):
    """Return a TIFF of 8 bits. `tags` adds or replaces tags; the value None stands for the offset of the data."""
    tags = {256: columns, 257: rows, 258: 8, 259: 8, 262: 1, 277: samples, **(tags or {})}
    directory = b"".join(
        struct.pack("<HHII", tag, 4, 1, 14 + 12 * len(tags) if value is None else value)
        for tag, value in sorted(tags.items())
    )
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + directory + bytes(4) + data


def tiff_of_many_samples(kit):
    data = zlib.compress(bytes(100_000_000))
    return tiff(4000, 4000, data, samples=1000, tags={273: None, 278: 4000, 279: len(data)})


def tiff_of_a_huge_tile(kit):
    data = zlib.compress(bytes(20_000 * 20_000))
    return tiff(64, 64, data, tags={322: 20_000, 323: 20_000, 324: None, 325: len(data)})


def jpeg_of_many_scans(kit):
    data = kit.raster(np.full((8000, 8000), 100, np.uint8), "JPEG", progressive=True)
    return data[:-2] + data[data.rindex(b"\xff\xda") : -2] * 1500 + data[-2:]


def dicom_jpeg_of_many_scans(kit):
    dataset = kit.make(np.full((48, 40), 100, np.uint8), 8, Rows=8000, Columns=8000)
    return with_frames(kit, dataset, jpeg_of_many_scans(kit), syntax=uid.JPEGBaseline8Bit)


def png_of_size(width, height):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(bytes(100))), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def bmp(kit, offset, layout, *values):
    """Return a BMP with other values in its header."""
    data = bytearray(kit.raster(kit.gray, "BMP"))
    struct.pack_into(layout, data, offset, *values)
    return bytes(data)


def flipped_bit(data):
    at = len(data) // 2
    return data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :]


def animated(kit, format):
    page = Image.fromarray(kit.gray)
    return kit.raster(page, format, save_all=True, append_images=[page.transpose(Image.Transpose.ROTATE_180), page])


def nifti_header(kit, columns, rows, *data_type):
    header = bytearray(kit.volume(kit.stored.astype(np.int16), "nii")[:352])
    struct.pack_into("<8h", header, 40, 2, columns, rows, 1, 1, 1, 1, 1)
    struct.pack_into(f"<{len(data_type)}h", header, 70, *data_type)
    return bytes(header)


def nrrd_of_many_values(kit):
    vectors = kit.volume(np.zeros((48, 40, 2), np.uint16), vector=True)
    return vectors.replace(b"sizes: 2 40 48", b"sizes: 1000 8000 8000")


TOO_LARGE, TOO_LARGE_FOR_ITS_DEPTH = "more than any radiograph", "in color or of more"

# Name of a file: (text that the message must contain, content of the file).
# The content is given as bytes, as a function of a kit, or as the elements to change in a valid DICOM file.

NOT_IMAGES = {
    "empty": ("empty", b""),
    "text.txt": ("text file", b"Bilateral pulmonary infection, two infected areas.\n" * 10),
    "text_named_dicom.dcm": ("text file", b"not a radiograph"),
    "text_with_the_first_letters_of_bmp.bmp": ("text file", b"BMI 24, no infiltrate, no effusion.\n"),
    "pdf.pdf": ("PDF", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(1000)),
    "office.docx": ("ZIP", b"PK\x03\x04" + bytes(1000)),
    "gif.gif": ("GIF", lambda kit: kit.raster(kit.gray, "GIF")),
    "jpeg_2000.jp2": ("JPEG 2000", b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(100)),
    "nifti_2.nii": ("contradicts itself", struct.pack("<i", 540) + b"n+2\0\r\n\x1a\n" + bytes(5000)),
    "noise.bin": ("does not know", lambda kit: b"\xfe" + np.random.default_rng(0).bytes(5000)),
    "gzip_of_something_else.gz": ("does not know", lambda kit: gzip.compress(b"not an image at all" * 100)),
    "damaged_gzip.gz": ("does not know", b"\x1f\x8b" + bytes(100)),
    "zeros.dcm": ("does not know", lambda kit: bytes(100_000)),
}

OTHER_DICOM = {
    "ct.dcm": ('"CT Image"', {"SOPClassUID": uid.CTImageStorage, "Modality": "CT"}),
    "mr.dcm": ('"MR Image"', {"SOPClassUID": uid.MRImageStorage, "Modality": "MR"}),
    "segmentation.dcm": ('"Segmentation"', {"SOPClassUID": uid.SegmentationStorage, "Modality": "SEG"}),
    "structured_report.dcm": (
        '"Comprehensive SR"',
        {"SOPClassUID": uid.ComprehensiveSRStorage, "Modality": "SR", "PixelData": None},
    ),
    "report_as_pdf.dcm": (
        '"Encapsulated PDF"',
        {"SOPClassUID": uid.EncapsulatedPDFStorage, "Modality": "DOC", "PixelData": None},
    ),
    "dicomdir": ('"Media Storage Directory"', dicomdir),
    "mammogram.dcm": (
        "Mammography",
        {"SOPClassUID": uid.DigitalMammographyXRayImageStorageForPresentation, "Modality": "MG"},
    ),
    "private_object.dcm": ("another kind", {"SOPClassUID": "1.3.6.1.4.1.99999.1.2"}),
    "screenshot_of_ct.dcm": ('modality "CT"', {"SOPClassUID": uid.SecondaryCaptureImageStorage, "Modality": "CT"}),
    "for_processing.dcm": ("raw signal", {"SOPClassUID": uid.DigitalXRayImageStorageForProcessing}),
    "intent_for_processing.dcm": ("raw signal", {"PresentationIntentType": "FOR PROCESSING"}),
    "slice_without_sop_class.dcm": (
        "slice image",
        lambda kit: kit.dicom(Modality=None, SliceLocation=5).replace(
            uid.DigitalXRayImageStorageForPresentation.encode(), bytes(27)
        ),
    ),
    "multi_frame.dcm": (
        "several images",
        lambda kit: kit.dicom(np.stack([kit.stored] * 3), NumberOfFrames=3, Rows=48, Columns=40, SamplesPerPixel=1),
    ),
    "no_pixels.dcm": ("no image", {"PixelData": None}),
    "no_rows.dcm": ("no image", {"Rows": None}),
    "zero_columns.dcm": ("no image", {"Columns": 0}),
    "color.dcm": ("in color", lambda kit: kit.dicom(kit.color, 8)),
    "palette_without_tables.dcm": ("holds no palette", {"PhotometricInterpretation": "PALETTE COLOR"}),
    "constant.dcm": ("no contrast", lambda kit: kit.dicom(np.full_like(kit.stored, 700))),
    "only_padding.dcm": ("no contrast", {"PixelPaddingValue": 0, "PixelPaddingRangeLimit": 4095}),
    "constant_inside_padding.dcm": (
        "no contrast",
        lambda kit: kit.dicom(np.where(kit.stored > 2000, 700, 0).astype(np.uint16), PixelPaddingValue=0),
    ),
    "tiny.dcm": ("too small", lambda kit: kit.dicom(kit.stored[:31])),
    "lateral.dcm": ("lateral", {"ViewPosition": "LL"}),
    "lateral_by_word.dcm": ("lateral", {"ViewPosition": "LATERAL"}),
    "lateral_by_code.dcm": ("lateral", with_view_code),
    "lateral_by_orientation.dcm": ("lateral", {"PatientOrientation": ["A", "F"]}),
    "on_its_side.dcm": ("on its side", {"PatientOrientation": ["F", "R"]}),
    "upside_down.dcm": ("upside down", {"PatientOrientation": ["R", "H"]}),
}

DAMAGED_DICOM = {
    "truncated_pixels.dcm": ("damaged", lambda kit: kit.dicom()[:-500]),
    "truncated_header.dcm": ("", lambda kit: kit.dicom()[:400]),
    "truncated_compressed.dcm": ("no image", lambda kit: kit.save(kit.compressed(uid.JPEG2000Lossless))[:-500]),
    "preamble_only.dcm": ("", bytes(128) + b"DICM"),
    "unknown_transfer_syntax.dcm": (
        "damaged",
        lambda kit: kit.dicom().replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.9\0", 1),
    ),
    "video.dcm": ("", lambda kit: with_frames(kit, kit.make(kit.stored), bytes(1000), syntax=uid.MPEG4HP41)),
    "truncated_jpeg_2000.dcm": ("damaged", changed_frame(uid.JPEG2000Lossless, cut)),
    "truncated_run_length.dcm": ("damaged", changed_frame(uid.RLELossless, cut)),
    # Some decoders raise something that "except Exception" does not catch.
    "overrunning_run_length.dcm": (
        "damaged",
        changed_frame(uid.RLELossless, lambda frame: frame[:64] + b"\x81\0" * 60),
    ),
    "no_jpeg_2000.dcm": ("damaged", changed_frame(uid.JPEG2000Lossless, lambda frame: bytes(500))),
    "noise_beyond_bits_stored.dcm": (
        "damaged",
        lambda kit: kit.dicom(np.random.default_rng(0).integers(0, 2**16, (48, 40), np.uint16)),
    ),
    "jpeg_2000_of_another_size.dcm": ("damaged", compressed_with(uid.JPEG2000Lossless, Rows=40, Columns=48)),
    "jpeg_ls_of_another_size.dcm": ("damaged", compressed_with(uid.JPEGLSLossless, Rows=47)),
    "damaged_deflated.dcm": ("", damaged_deflated),
}

DICOM_BOMBS = {
    "huge_size.dcm": (TOO_LARGE, {"Rows": 20000, "Columns": 20000}),
    "long_size.dcm": (TOO_LARGE, {"Rows": 65535, "Columns": 40}),
    "huge_run_length_size.dcm": (TOO_LARGE, compressed_with(uid.RLELossless, Rows=20000, Columns=20000)),
    "run_length_bomb.dcm": (
        "damaged",
        changed_frame(uid.RLELossless, lambda frame: frame[:64] + b"\x81\0" * 1_000_000),
    ),
    "jpeg_2000_bomb.dcm": ("damaged", changed_frame(uid.JPEG2000Lossless, declare_65535_x_65535)),
    "deflate_bomb.dcm": ("unpacks to more", deflate_bomb),
    "deflate_bomb_without_preamble.dcm": ("unpacks to more", lambda kit: deflate_bomb(kit)[132:]),
    "deflated_elements.dcm": ("unpacks to more", lambda kit: deflated(kit, *[empty_elements(65536, 0x7FE2)] * 500)),
    "deflated_sequence_of_elements.dcm": ("more parts", lambda kit: deflated(kit, data=with_large_sequence(kit))),
    "large_meta_information.dcm": ("longer than", with_large_meta_information),
    "sequence_of_elements.dcm": ("more parts", with_large_sequence),
    "three_sequences_of_elements.dcm": ("more parts", with_three_large_sequences),
    "nested_sequence_of_elements.dcm": (
        "longer than",
        lambda kit: inserted(kit, nested(element(SEQUENCE, b"SQ", item(empty_elements(65536)) * 150))),
    ),
    "nested_sequence_of_items.dcm": (
        "longer than",
        lambda kit: inserted(kit, nested(element(SEQUENCE, b"SQ", item() * 10_000_000))),
    ),
    "open_sequence_of_items.dcm": (
        "",
        lambda kit: inserted(kit, element(SEQUENCE, b"SQ", item() * 4_000_000 + END_OF_SEQUENCE, UNDEFINED_LENGTH)),
    ),
    "endless_sequences.dcm": (
        "",
        lambda kit: inserted(kit, (element(SEQUENCE, b"SQ", length=UNDEFINED_LENGTH) + OPEN_ITEM) * 20_000),
    ),
    "many_values.dcm": ("more parts", with_many_values),
    "many_bits_allocated.dcm": ("contradicts itself", with_many_bits_allocated),
    "many_pixels.dcm": ("do not fit", lambda kit: with_pixel_data(kit.dicom(), b"OW", bytes(100_000_000))),
    "many_fragments.dcm": ("", lambda kit: with_fragments(kit, item() * 10_000_000)),
    "many_offsets.dcm": ("do not fit", lambda kit: with_fragments(kit, item(bytes(100_000_000)))),
    "blank_image_in_a_few_bytes.dcm": (
        "damaged",
        compressed_with(uid.JPEG2000Lossless, np.full((1000, 1000), 700, np.uint16), Rows=8000, Columns=8000),
    ),
    "large_blank.dcm": (
        "no contrast",
        lambda kit: deflated(kit, data=kit.dicom(np.full((8000, 8000), 700, np.uint16))),
    ),
    "jpeg_of_many_scans.dcm": ("damaged", dicom_jpeg_of_many_scans),
    "large_color.dcm": (TOO_LARGE_FOR_ITS_DEPTH, lambda kit: deflated(kit, data=kit.dicom(large_color(8000), 8))),
    "color_jpeg_2000_of_plausible_size.dcm": (
        "in color",
        changed_frame(uid.JPEG2000Lossless, lambda frame: frame + bytes(20_000), large_color(4000), 8),
    ),
    "more_channels_than_declared.dcm": ("in color", more_channels_than_declared),
}

RASTER_BOMBS = {
    "large_blank.png": (
        "no contrast",
        lambda kit: kit.raster(np.full((8000, 8000), 700, np.uint16), compress_level=1),
    ),
    "large_color.png": (TOO_LARGE_FOR_ITS_DEPTH, lambda kit: kit.raster(large_color(8000), compress_level=1)),
    "large_transparent.png": (
        TOO_LARGE_FOR_ITS_DEPTH,
        lambda kit: kit.raster(large_color(8000, channels=4), compress_level=1),
    ),
    "large_palette.png": (
        TOO_LARGE_FOR_ITS_DEPTH,
        lambda kit: kit.raster(palette(Image.new("P", (8000, 8000), 1)), compress_level=1),
    ),
    "large_color.jpg": (TOO_LARGE_FOR_ITS_DEPTH, lambda kit: kit.raster(large_color(8000), "JPEG", progressive=True)),
    "color_of_plausible_size.webp": ("in color", lambda kit: kit.raster(large_color(4000), "WEBP", method=0)),
    "large_32_bit.tif": (
        TOO_LARGE_FOR_ITS_DEPTH,
        lambda kit: kit.raster(Image.new("F", (8000, 8000), float("nan")), "TIFF", compression="tiff_deflate"),
    ),
    "many_samples.tif": ("damaged", tiff_of_many_samples),
    "huge_tile.tif": (TOO_LARGE, tiff_of_a_huge_tile),
    "many_scans.jpg": ("more passes", jpeg_of_many_scans),
    "huge.png": ("more", png_of_size(60000, 60000)),
    "long.png": (TOO_LARGE, png_of_size(30000, 100)),
    "huge.bmp": (TOO_LARGE, lambda kit: bmp(kit, 18, "<ii", 10000, 10000)),
}

RASTER = {
    "truncated.png": ("damaged", lambda kit: kit.raster()[:-1000]),
    "flipped_bit.png": ("damaged", lambda kit: flipped_bit(kit.raster())),
    "truncated.jpg": ("damaged", lambda kit: cut(kit.raster(kit.gray, "JPEG"))),
    "truncated.tif": ("incomplete", lambda kit: kit.raster(format="TIFF")[:2000]),
    "truncated.bmp": ("damaged", lambda kit: kit.raster(kit.gray, "BMP")[:-500]),
    "run_length.bmp": ("compressed", lambda kit: bmp(kit, 30, "<I", 1)),
    "jpeg_without_an_image.jpg": ("damaged", b"\xff\xd8\xff\xe0" + bytes(100)),
    "color.png": ("in color", lambda kit: kit.raster(kit.color)),
    "color.jpg": ("in color", lambda kit: kit.raster(kit.color, "JPEG")),
    "color.bmp": ("in color", lambda kit: kit.raster(kit.color, "BMP")),
    "color_palette.png": ("in color", lambda kit: kit.raster(palette(Image.fromarray(kit.gray).convert("P")))),
    "drawing.png": ("black and white", lambda kit: kit.raster(Image.fromarray(kit.stored > 2000))),
    "drawing.bmp": ("black and white", lambda kit: kit.raster(Image.fromarray(kit.stored > 2000), "BMP")),
    "several_pages.tif": ("several images", lambda kit: animated(kit, "TIFF")),
    "animated.png": ("several images", lambda kit: animated(kit, "PNG")),
    "constant_8_bit.png": ("no contrast", lambda kit: kit.raster(np.full((48, 40), 7, np.uint8))),
    "constant_16_bit.png": ("no contrast", lambda kit: kit.raster(np.full((48, 40), 700, np.uint16))),
    "only_nan.tif": ("no contrast", lambda kit: kit.raster(np.full((48, 40), np.nan, np.float32), "TIFF")),
    "thumbnail.png": ("too small", lambda kit: kit.raster(kit.stored[:, :31])),
}

VOLUMES = {
    "many_values.nrrd": ("several values", nrrd_of_many_values),
    "large_64_bit.nrrd": (
        TOO_LARGE_FOR_ITS_DEPTH,
        lambda kit: kit.volume(kit.stored.astype(np.float64)).replace(b"sizes: 40 48", b"sizes: 8000 8000"),
    ),
    "large_64_bit.nii": (TOO_LARGE_FOR_ITS_DEPTH, lambda kit: nifti_header(kit, 8000, 8000, 64, 64)),
    "huge.nii": (TOO_LARGE, lambda kit: nifti_header(kit, 30000, 30000)),
    "huge.nii.gz": (TOO_LARGE, lambda kit: gzip.compress(nifti_header(kit, 30000, 30000) + bytes(30_000_000))),
    "huge.nrrd": (TOO_LARGE, lambda kit: kit.volume(kit.stored).replace(b"sizes: 40 48", b"sizes: 30000 30000")),
    "volume.nrrd": ("volume", lambda kit: kit.volume(np.stack([kit.stored] * 3))),
    "volume.nii.gz": ("volume", lambda kit: kit.volume(np.stack([kit.stored.astype(np.int16)] * 3), "nii.gz")),
    "series.nii": ("volume", lambda kit: kit.volume(np.stack([kit.stored.astype(np.int16)[None]] * 3), "nii")),
    "segmentation_by_name.seg.nrrd": ("segmentation", lambda kit: kit.volume(kit.gray)),
    "segmentation_by_content.nrrd": (
        "segmentation",
        lambda kit: kit.volume(kit.gray[None], Segment0_ID="infection_right"),
    ),
    "truncated.nrrd": ("incomplete", lambda kit: kit.volume(kit.stored)[:-1000]),
    "truncated.nii": ("incomplete", lambda kit: kit.volume(kit.stored, "nii")[:-1000]),
    "truncated.nii.gz": ("", lambda kit: kit.volume(kit.stored, "nii.gz")[:-1000]),
    "truncated_before_compression.nii.gz": (
        "incomplete",
        lambda kit: gzip.compress(kit.volume(kit.stored, "nii")[:-1000]),
    ),
    "tiny.nrrd": ("too small", lambda kit: kit.volume(kit.stored[:10])),
    "line.nrrd": ("line", lambda kit: kit.volume(kit.stored[:1])),
    "complex_numbers.nrrd": ("complex", lambda kit: kit.volume((kit.stored * 1j).astype(np.complex64), "nii")),
    "color.nrrd": ("in color", lambda kit: kit.volume(kit.color, vector=True)),
    "vectors.nrrd": (
        "several values",
        lambda kit: kit.volume(np.stack([kit.stored.astype(np.float32)] * 2, axis=-1), vector=True),
    ),
    "constant.nrrd": ("no contrast", lambda kit: kit.volume(np.full_like(kit.stored, 5))),
}

REJECTED = NOT_IMAGES | OTHER_DICOM | DAMAGED_DICOM | DICOM_BOMBS | RASTER_BOMBS | RASTER | VOLUMES


def write(kit, content, path):
    if isinstance(content, dict):
        content = kit.dicom(**content)
    path.write_bytes(content if isinstance(content, bytes) else content(kit))


def rejection(path):
    """Return the message with which a path is rejected, after checking its form."""
    with pytest.raises(RadiographError) as caught:
        read_radiograph(path)
    message = str(caught.value)
    assert "\n" not in message
    assert message.endswith(".")
    assert message[0].isupper()
    assert 15 < len(message) < 200
    for word in ("Error", "Traceback", "Exception", "pydicom", "<", "None", "Doe", str(path)):
        assert word not in message
    if "damaged, incomplete" in message:
        assert caught.value.__cause__ is not None
    return message


@pytest.mark.parametrize("name", REJECTED)
def test_rejects_unsuitable_files_in_one_sentence(kit, tmp_path, name, capfd):
    expected, content = REJECTED[name]
    write(kit, content, tmp_path / name)
    capfd.readouterr()
    assert expected in rejection(tmp_path / name)
    assert capfd.readouterr().out == ""


def costs_of(folder):
    return reading_costs(folder, "from CausalCLIPSegLib.radiograph import read_radiograph", '{"*": read_radiograph}')


def test_rejects_all_in_little_time_and_memory(kit, tmp_path):
    folder = tmp_path / "all"
    folder.mkdir()
    for name, (_, content) in REJECTED.items():
        write(kit, content, folder / name)
    costs = costs_of(folder)
    assert len(costs) == len(REJECTED)
    assert all(cost.rejected for cost in costs)
    assert_cheap(costs)


SKIPPED = {
    "private value": lambda kit: inserted(kit, element(PRIVATE, b"OB", bytes(100_000_000))),
    "sequence": lambda kit: inserted(kit, element(SEQUENCE, b"SQ", item() * 1_000_000)),
    "nested sequence": lambda kit: inserted(kit, nested(element(SEQUENCE, b"SQ", item(empty_elements(65536)) * 60))),
    "nested sequence of items": lambda kit: inserted(kit, nested(element(SEQUENCE, b"SQ", item() * 4_000_000))),
    "private sequence of open length": lambda kit: inserted(
        kit,
        element(
            PRIVATE,
            b"SQ",
            (OPEN_ITEM + element(PRIVATE + 1, b"OB", bytes(1_000_000)) + END_OF_ITEM) * 40 + END_OF_SEQUENCE,
            UNDEFINED_LENGTH,
        ),
    ),
    "private sequence": lambda kit: inserted(kit, element(PRIVATE, b"SQ", item() * 1_000_000)),
    "padding after the pixels": lambda kit: kit.dicom() + element(0xFFFCFFFC, b"OB", bytes(100_000_000)),
    "elements after the pixels": lambda kit: kit.dicom() + empty_elements(60_000, 0x7FE2) * 50,
    "items after the pixels": lambda kit: kit.dicom() + element(0xFFFAFFFA, b"SQ", item() * 4_000_000),
    "bytes after the deflated data set": lambda kit: deflated(kit) + bytes(100_000_000),
}


@pytest.mark.parametrize("content", SKIPPED)
def test_skips_large_content_that_is_not_needed(kit, stored, tmp_path, content):
    folder = tmp_path / "large"
    folder.mkdir()
    path = folder / "image.dcm"
    path.write_bytes(SKIPPED[content](kit))
    radiograph = read_radiograph(path)
    assert radiograph.pixels.shape == stored.shape
    assert radiograph.header.PatientName == "Doe^Jane"
    assert_cheap(costs_of(folder))


@pytest.mark.parametrize("preamble", [True, False])
def test_reads_the_same_pixels_from_a_deflated_file(kit, write_dicom, stored, tmp_path, preamble):
    path = tmp_path / "deflated.dcm"
    path.write_bytes(deflated(kit)[0 if preamble else 132 :])
    np.testing.assert_array_equal(read_radiograph(path).pixels, read_radiograph(write_dicom(stored)).pixels)


def test_elements_between_two_kinds_of_pixels_do_not_change_the_size(kit, stored, tmp_path):
    """The second Rows stands after the elements that were checked; a reader that used it would read another size."""
    rows = struct.pack("<HH2sHH", 0x28, 0x10, b"US", 2, 60000)
    path = tmp_path / "image.dcm"
    path.write_bytes(inserted(kit, element(0x7FE00008, b"OF") + rows, PIXEL_DATA))
    assert read_radiograph(path).pixels.shape == stored.shape


def test_rejects_a_missing_file(tmp_path):
    assert "no such file" in rejection(tmp_path / "missing.dcm")
    assert "no such file" in rejection(tmp_path / "missing" / "image.dcm")


def test_rejects_a_folder(tmp_path):
    assert "folder" in rejection(tmp_path)


def test_rejects_an_impossible_name():
    rejection("a\0b")
    rejection("x" * 5000)


def test_rejects_a_file_without_permission(tmp_path, monkeypatch):
    path = tmp_path / "image.dcm"
    path.write_bytes(b"x")
    real_open = os.open

    def locked(name, *args, **kwargs):
        if Path(name) == path:
            raise PermissionError(13, "Permission denied", str(name))
        return real_open(name, *args, **kwargs)

    monkeypatch.setattr(os, "open", locked)
    assert "permission" in rejection(path)


def test_rejects_a_giant_file(tmp_path):
    path = tmp_path / "image.dcm"
    path.touch()
    os.truncate(path, 5 << 30)  # sparse: takes no space
    assert "too large" in rejection(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_rejects_a_pipe_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert "a pipe" in rejection(tmp_path / "pipe")


@pytest.mark.skipif(not Path("/dev/zero").is_char_device(), reason="no such device on this system")
def test_rejects_a_device_without_waiting():
    assert "a device" in rejection(Path("/dev/zero"))


def test_rejects_a_socket(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the name of a socket must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s.png")
        assert "a socket" in rejection(Path("s.png"))


@pytest.mark.parametrize(
    "name", ["CT_small.dcm", "MR_small.dcm", "US1_UNCR.dcm", "liver.dcm", "test-SR.dcm", "SC_rgb.dcm"]
)
def test_rejects_real_files_of_other_kinds(real_file, name):
    rejection(real_file(name))


@pytest.mark.parametrize("share", [0.001, 0.3, 0.99])
def test_rejects_a_truncated_real_radiograph(real_file, tmp_path, share):
    data = real_file("RG3_J2KR.dcm").read_bytes()
    path = tmp_path / "image.dcm"
    path.write_bytes(data[: int(len(data) * share)])
    rejection(path)

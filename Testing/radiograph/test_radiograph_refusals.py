"""Whatever else a person may hand over is refused: at once, in one sentence, with the technical cause chained."""

import gzip
import io
import os
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

BAD = {}
"""Name of a bad input: (what the sentence must contain, function that returns its bytes, ending)."""


def bad(word, ending=""):
    def register(function):
        BAD[function.__name__] = (word, function, ending)
        return function

    return register


class Kit:
    """What the bad inputs are made of."""

    def __init__(self, film, make_dataset, dicom_bytes, folder):
        self.film, self.make, self.save, self.folder = film, make_dataset, dicom_bytes, folder

    def dicom(self, stored=None, bits=12, **elements):
        return self.save(self.make(self.film if stored is None else stored, bits, **elements))

    def compressed(self, syntax):
        if not get_encoder(syntax).is_available:
            pytest.skip("no encoder for it is installed")
        dataset = self.make(self.film)
        dataset.compress(syntax)
        return dataset

    def picture(self, values=None, format="PNG", **options):
        image = values if isinstance(values, Image.Image) else Image.fromarray(self.film if values is None else values)
        buffer = io.BytesIO()
        image.save(buffer, format=format, **options)
        return buffer.getvalue()

    def volume(self, values, ending="nrrd", vector=False):
        path = self.folder / f"made.{ending}"
        SimpleITK.WriteImage(SimpleITK.GetImageFromArray(values, isVector=vector), str(path))
        return path.read_bytes()


@pytest.fixture
def kit(film, make_dataset, dicom_bytes, tmp_path):
    folder = tmp_path / "kit"
    folder.mkdir()
    return Kit(film, make_dataset, dicom_bytes, folder)


# -- no image at all --------------------------------------------------------------------------------------------------


@bad("empty")
def empty(kit):
    return b""


@bad("text file", "txt")
def text(kit):
    return b"Bilateral pulmonary infection, two infected areas.\n" * 10


@bad("text file", "dcm")
def text_called_dicom(kit):
    return b"not a radiograph"


@bad("PDF", "pdf")
def pdf(kit):
    return b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(1000)


@bad("ZIP", "docx")
def office(kit):
    return b"PK\x03\x04" + bytes(1000)


@bad("GIF", "gif")
def gif(kit):
    return kit.picture(kit.film.astype(np.uint8), "GIF")


@bad("BMP", "bmp")
def bmp(kit):
    return kit.picture(kit.film.astype(np.uint8), "BMP")


@bad("JPEG 2000", "jp2")
def jpeg_2000(kit):
    return b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(100)


@bad("NIfTI-2", "nii")
def nifti_2(kit):
    return struct.pack("<i", 540) + b"n+2\0\r\n\x1a\n" + bytes(5000)


@bad("does not know", "bin")
def noise(kit):
    return b"\xfe" + np.random.default_rng(0).bytes(5000)


@bad("does not know", "gz")
def gzip_of_something_else(kit):
    return gzip.compress(b"not an image at all" * 100)


@bad("does not know", "gz")
def damaged_gzip(kit):
    return b"\x1f\x8b" + bytes(100)


@bad("does not know", "dcm")
def zeros(kit):
    return bytes(100_000)


# -- DICOM of other kinds ---------------------------------------------------------------------------------------------


@bad('"CT Image"', "dcm")
def ct(kit):
    return kit.dicom(SOPClassUID=uid.CTImageStorage, Modality="CT")


@bad('"MR Image"', "dcm")
def mr(kit):
    return kit.dicom(SOPClassUID=uid.MRImageStorage, Modality="MR")


@bad('"Segmentation"', "dcm")
def segmentation(kit):
    return kit.dicom(SOPClassUID=uid.SegmentationStorage, Modality="SEG")


@bad('"Comprehensive SR"', "dcm")
def structured_report(kit):
    return kit.dicom(SOPClassUID=uid.ComprehensiveSRStorage, Modality="SR", PixelData=None)


@bad('"Encapsulated PDF"', "dcm")
def report_as_pdf(kit):
    return kit.dicom(SOPClassUID=uid.EncapsulatedPDFStorage, Modality="DOC", PixelData=None)


@bad('"Media Storage Directory"')
def dicomdir(kit):
    dataset = Dataset()
    dataset.file_meta = kit.make(kit.film).file_meta
    dataset.file_meta.MediaStorageSOPClassUID = uid.MediaStorageDirectoryStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    dataset.FileSetID = "CD"
    dataset.DirectoryRecordSequence = []
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


@bad("Mammography", "dcm")
def mammogram(kit):
    return kit.dicom(SOPClassUID=uid.DigitalMammographyXRayImageStorageForPresentation, Modality="MG")


@bad("another kind", "dcm")
def private_object(kit):
    return kit.dicom(SOPClassUID="1.3.6.1.4.1.99999.1.2")


@bad('modality "CT"', "dcm")
def screenshot_of_ct(kit):
    return kit.dicom(SOPClassUID=uid.SecondaryCaptureImageStorage, Modality="CT")


@bad("raw signal", "dcm")
def for_processing(kit):
    return kit.dicom(SOPClassUID=uid.DigitalXRayImageStorageForProcessing)


@bad("raw signal", "dcm")
def intent_for_processing(kit):
    return kit.dicom(PresentationIntentType="FOR PROCESSING")


@bad("does not say what it holds", "dcm")
def no_sop_class(kit):
    return kit.dicom(Modality=None).replace(uid.DigitalXRayImageStorageForPresentation.encode(), bytes(27))


@bad("several pictures", "dcm")
def multi_frame(kit):
    return kit.dicom(np.stack([kit.film] * 3), NumberOfFrames=3, Rows=48, Columns=40, SamplesPerPixel=1)


@bad("no picture", "dcm")
def no_pixels(kit):
    return kit.dicom(PixelData=None)


@bad("no picture", "dcm")
def no_rows(kit):
    return kit.dicom(Rows=None)


@bad("no picture", "dcm")
def zero_columns(kit):
    return kit.dicom(Columns=0)


@bad("colour", "dcm")
def coloured_dicom(kit):
    grey = (kit.film >> 4).astype(np.uint8)
    return kit.dicom(np.stack([grey, grey, 255 - grey], axis=-1), 8)


@bad("colour", "dcm")
def palette_dicom(kit):
    return kit.dicom(PhotometricInterpretation="PALETTE COLOR")


@bad("no contrast", "dcm")
def constant_dicom(kit):
    return kit.dicom(np.full_like(kit.film, 700))


@bad("no contrast", "dcm")
def only_padding(kit):
    return kit.dicom(PixelPaddingValue=0, PixelPaddingRangeLimit=4095)


@bad("no contrast", "dcm")
def constant_inside_padding(kit):
    return kit.dicom(np.where(kit.film > 2000, 700, 0).astype(np.uint16), PixelPaddingValue=0)


@bad("too small", "dcm")
def tiny_dicom(kit):
    return kit.dicom(kit.film[:31])


# -- views that are not frontal or not upright ------------------------------------------------------------------------


@bad("lateral", "dcm")
def lateral(kit):
    return kit.dicom(ViewPosition="LL")


@bad("lateral", "dcm")
def lateral_by_word(kit):
    return kit.dicom(ViewPosition="LATERAL")


@bad("lateral", "dcm")
def lateral_by_code(kit):
    item = Dataset()
    item.CodeMeaning = "left lateral"
    return kit.dicom(ViewCodeSequence=[item])


@bad("lateral", "dcm")
def lateral_by_orientation(kit):
    return kit.dicom(PatientOrientation=["A", "F"])


@bad("on its side", "dcm")
def on_its_side(kit):
    return kit.dicom(PatientOrientation=["F", "R"])


@bad("upside down", "dcm")
def upside_down(kit):
    return kit.dicom(PatientOrientation=["R", "H"])


# -- damaged DICOM ----------------------------------------------------------------------------------------------------


@bad("damaged", "dcm")
def truncated_pixels(kit):
    return kit.dicom()[:-500]


@bad("", "dcm")
def truncated_header(kit):
    return kit.dicom()[:400]


@bad("no picture", "dcm")
def truncated_compressed_file(kit):
    return kit.save(kit.compressed(uid.JPEG2000Lossless))[:-500]


@bad("", "dcm")
def preamble_only(kit):
    return bytes(128) + b"DICM"


@bad("damaged", "dcm")
def unknown_transfer_syntax(kit):
    return kit.dicom().replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.9\0", 1)


@bad("", "dcm")
def video(kit):
    dataset = kit.make(kit.film, PixelData=encapsulate([bytes(1000)]))
    dataset.file_meta.TransferSyntaxUID = uid.MPEG4HP41
    dataset["PixelData"].is_undefined_length = True
    return kit.save(dataset)


def with_frame(dataset, change):
    frame = next(generate_frames(dataset.PixelData, number_of_frames=1))
    dataset.PixelData = encapsulate([bytes(change(bytearray(frame)))])
    dataset["PixelData"].is_undefined_length = True
    return dataset


def cut(frame):
    return frame[: len(frame) // 2]


@bad("damaged", "dcm")
def truncated_jpeg_2000_stream(kit):
    return kit.save(with_frame(kit.compressed(uid.JPEG2000Lossless), cut))


@bad("damaged", "dcm")
def truncated_run_length_stream(kit):
    return kit.save(with_frame(kit.compressed(uid.RLELossless), cut))


@bad("damaged", "dcm")
def overrunning_run_length_stream(kit):
    # The decoder of pylibjpeg would raise what "except Exception" does not catch.
    return kit.save(with_frame(kit.compressed(uid.RLELossless), lambda frame: frame[:64] + b"\x81\0" * 60))


@bad("damaged", "dcm")
def no_jpeg_2000_stream(kit):
    return kit.save(with_frame(kit.compressed(uid.JPEG2000Lossless), lambda frame: bytes(500)))


@bad("damaged", "dcm")
def values_beyond_bits_stored(kit):
    dataset = kit.compressed(uid.JPEG2000Lossless)
    dataset.BitsStored, dataset.HighBit = 8, 7
    return kit.save(dataset)


@bad("damaged", "dcm")
def stream_of_another_size(kit):
    dataset = kit.compressed(uid.JPEG2000Lossless)
    dataset.Rows, dataset.Columns = 40, 48
    return kit.save(dataset)


@bad("damaged", "dcm")
def jpeg_ls_of_another_size(kit):
    dataset = kit.compressed(uid.JPEGLSLossless)
    dataset.Rows = 47
    return kit.save(dataset)


@bad("", "dcm")
def damaged_deflated_file(kit):
    dataset = kit.make(kit.film)
    dataset.file_meta.TransferSyntaxUID = uid.DeflatedExplicitVRLittleEndian
    data = kit.save(dataset)
    return data[:500] + b"\xff" * 100 + data[600:]


# -- bombs ------------------------------------------------------------------------------------------------------------


@bad("more than any radiograph", "dcm")
def huge_dicom_header(kit):
    return kit.dicom(Rows=20000, Columns=20000)


@bad("more than any radiograph", "dcm")
def long_dicom_header(kit):
    return kit.dicom(Rows=65535, Columns=40)


@bad("more than any radiograph", "dcm")
def huge_run_length_header(kit):
    dataset = kit.compressed(uid.RLELossless)
    dataset.Rows, dataset.Columns = 20000, 20000
    return kit.save(dataset)


@bad("damaged", "dcm")
def run_length_bomb(kit):
    return kit.save(with_frame(kit.compressed(uid.RLELossless), lambda frame: frame[:64] + b"\x81\0" * 1_000_000))


@bad("damaged", "dcm")
def jpeg_2000_bomb(kit):
    # The SIZ marker of the stream says 65,535 x 65,535.
    def enlarge(frame):
        at = frame.index(b"\xff\x51") + 6
        return frame[:at] + struct.pack(">II", 65535, 65535) + frame[at + 8 :]

    return kit.save(with_frame(kit.compressed(uid.JPEG2000Lossless), enlarge))


def meta_end(data):
    return 144 + dcmread(io.BytesIO(data), stop_before_pixels=True).file_meta.FileMetaInformationGroupLength


def deflated(kit, *chunks, data=None):
    """Return a deflated file of a data set with further chunks behind it."""
    plain = kit.dicom() if data is None else data
    empty = kit.make(kit.film)
    empty.file_meta.TransferSyntaxUID = uid.DeflatedExplicitVRLittleEndian
    head = kit.save(empty)
    deflater = zlib.compressobj(1, zlib.DEFLATED, -15)
    packed = [deflater.compress(chunk) for chunk in (plain[meta_end(plain) :], *chunks)]
    return head[: meta_end(head)] + b"".join(packed) + deflater.flush()


def element(tag, vr, value=b"", length=None):
    """Return an element whose length takes four bytes."""
    length = len(value) if length is None else length
    return struct.pack("<HH2sHI", tag >> 16, tag & 0xFFFF, vr, 0, length) + value


def item(value=b""):
    return struct.pack("<HHI", 0xFFFE, 0xE000, len(value)) + value


def empty_elements(count, group=0x10):
    return b"".join(struct.pack("<HH2sH", group + 2 * (n >> 16), n & 0xFFFF, b"LO", 0) for n in range(count))


def spiked(kit, put, before=b"\x28\0\x02\0"):
    """Return a film with something, already as bytes, before an element of its header."""
    data = kit.dicom()
    at = data.index(before, meta_end(data))
    return data[:at] + put + data[at:]


UNDEFINED = 0xFFFFFFFF
SEQUENCE, LOOK_UP = 0x00081140, 0x00283010
END_OF_ITEM, END_OF_SEQUENCE = struct.pack("<HHI", 0xFFFE, 0xE00D, 0), struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
OPEN_ITEM = struct.pack("<HHI", 0xFFFE, 0xE000, UNDEFINED)


def nested(value):
    """Return a sequence in a sequence, none of which says how long it is but the inner one."""
    inner = OPEN_ITEM + value + END_OF_ITEM
    return element(SEQUENCE, b"SQ", inner + END_OF_SEQUENCE, UNDEFINED)


@bad("unpacks to more", "dcm")
def deflate_bomb(kit):
    return deflated(kit, *[bytes(10_000_000)] * 50)


@bad("unpacks to more", "dcm")
def deflate_bomb_without_preamble(kit):
    return deflate_bomb(kit)[132:]


@bad("unpacks to more", "dcm")
def deflated_elements(kit):
    return deflated(kit, *[empty_elements(65536, 0x7FE2)] * 500)


@bad("more parts", "dcm")
def deflated_sequence_of_elements(kit):
    return deflated(kit, data=spiked(kit, element(LOOK_UP, b"SQ", item(empty_elements(60_000)))))


@bad("longer than", "dcm")
def bomb_of_meta_information(kit):
    data = kit.dicom()
    elements = empty_elements(60_000, 2) * 50
    return data[: meta_end(data)] + elements + data[meta_end(data) :]


@bad("more parts", "dcm")
def sequence_of_elements(kit):
    return spiked(kit, element(LOOK_UP, b"SQ", item(empty_elements(60_000))))


@bad("more parts", "dcm")
def three_sequences_of_elements(kit):
    return spiked(kit, b"".join(element(LOOK_UP + 2 * n, b"SQ", item(empty_elements(20_000))) for n in range(3)))


@bad("longer than", "dcm")
def nested_sequence_of_elements(kit):
    return spiked(kit, nested(element(SEQUENCE, b"SQ", item(empty_elements(65536)) * 60)), b"\x10\0\x10\0")


@bad("longer than", "dcm")
def nested_sequence_of_items(kit):
    return spiked(kit, nested(element(SEQUENCE, b"SQ", item() * 4_000_000)), b"\x10\0\x10\0")


@bad("", "dcm")
def open_sequence_of_items(kit):
    put = element(SEQUENCE, b"SQ", item() * 4_000_000 + END_OF_SEQUENCE, UNDEFINED)
    return spiked(kit, put, b"\x10\0\x10\0")


@bad("", "dcm")
def sequences_without_end(kit):
    return spiked(kit, (element(SEQUENCE, b"SQ", length=UNDEFINED) + OPEN_ITEM) * 20_000, b"\x10\0\x10\0")


@bad("more parts", "dcm")
def values_without_end(kit):
    value = struct.pack("<2sH", b"DS", 65534) + b"1\\" * 32767
    return spiked(kit, b"".join(struct.pack("<HH", 0x18, n) + value for n in (0x50, 0x60, 0x90, 0x1110)))


@bad("do not fit", "dcm")
def pixels_without_end(kit):
    data = kit.dicom()
    return data[: data.rindex(b"\xe0\x7f\x10\0")] + element(0x7FE00010, b"OW", bytes(100_000_000))


def with_fragments(kit, fragments):
    data = kit.save(kit.compressed(uid.JPEG2000Lossless))
    start = data.rindex(b"\xe0\x7f\x10\0")
    return data[:start] + element(0x7FE00010, b"OB", fragments + END_OF_SEQUENCE, UNDEFINED)


@bad("", "dcm")
def fragments_without_end(kit):
    return with_fragments(kit, item() * 10_000_000)


@bad("do not fit", "dcm")
def offsets_without_end(kit):
    return with_fragments(kit, item(bytes(100_000_000)))


@bad("damaged", "dcm")
def blank_picture_packed_to_a_few_bytes(kit):
    dataset = kit.make(np.full((1000, 1000), 700, np.uint16))
    dataset.compress(uid.JPEG2000Lossless)
    dataset.Rows = dataset.Columns = 8000
    return kit.save(dataset)


@bad("no contrast", "dcm")
def large_blank_picture(kit):
    return deflated(kit, data=kit.dicom(np.full((8000, 8000), 700, np.uint16)))


@bad("no contrast", "png")
def large_blank_png(kit):
    return kit.picture(np.full((8000, 8000), 700, np.uint16), compress_level=1)


def coloured(side, dtype=np.uint8, channels=3):
    """A large picture in colours that packs well."""
    return np.broadcast_to(np.arange(channels, dtype=dtype) * 80, (side, side, channels))


@bad("in color or of more", "png")
def large_coloured_png(kit):
    return kit.picture(Image.fromarray(coloured(8000)), compress_level=1)


@bad("in color or of more", "png")
def large_transparent_png(kit):
    return kit.picture(Image.fromarray(coloured(8000, channels=4)), compress_level=1)


@bad("in color or of more", "png")
def large_palette(kit):
    image = Image.new("P", (8000, 8000), 1)
    image.putpalette([0, 0, 0, 250, 20, 90])
    return kit.picture(image, compress_level=1)


@bad("in color or of more", "jpg")
def large_coloured_jpeg(kit):
    return kit.picture(Image.fromarray(coloured(8000)), "JPEG", progressive=True)


@bad("in colour", "webp")
def coloured_webp_of_the_size_of_a_film(kit):
    return kit.picture(Image.fromarray(coloured(4000)), "WEBP", method=0)


@bad("in color or of more", "tif")
def large_tiff_of_32_bits(kit):
    return kit.picture(Image.new("F", (8000, 8000), float("nan")), "TIFF", compression="tiff_deflate")


def tiff(tags, data):
    """A TIFF of numbers, with its pixels behind them; None stands for where they begin."""
    directory = b"".join(
        struct.pack("<HHII", tag, 4, 1, 14 + 12 * len(tags) if value is None else value)
        for tag, value in sorted(tags.items())
    )
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + directory + bytes(4) + data


def tiff_tags(rows, columns, samples=1):
    return {256: columns, 257: rows, 258: 8, 259: 8, 262: 1, 277: samples}


@bad("damaged", "tif")
def tiff_of_many_samples(kit):
    data = zlib.compress(bytes(100_000_000))
    return tiff({**tiff_tags(4000, 4000, samples=1000), 273: None, 278: 4000, 279: len(data)}, data)


@bad("more than any radiograph", "tif")
def tiff_of_a_huge_tile(kit):
    data = zlib.compress(bytes(20_000 * 20_000))
    return tiff({**tiff_tags(64, 64), 322: 20_000, 323: 20_000, 324: None, 325: len(data)}, data)


def many_scans(kit):
    data = kit.picture(np.full((8000, 8000), 100, np.uint8), "JPEG", progressive=True)
    return data[:-2] + data[data.rindex(b"\xff\xda") : -2] * 1500 + data[-2:]


@bad("more passes", "jpg")
def jpeg_of_many_scans(kit):
    return many_scans(kit)


@bad("damaged", "dcm")
def dicom_jpeg_of_many_scans(kit):
    dataset = kit.make(np.full((48, 40), 100, np.uint8), 8)
    dataset.Rows = dataset.Columns = 8000
    dataset.PixelData = encapsulate([many_scans(kit)])
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = uid.JPEGBaseline8Bit
    return kit.save(dataset)


@bad("in color or of more", "dcm")
def large_coloured_dicom(kit):
    return deflated(kit, data=kit.dicom(coloured(8000), 8))


@bad("in colour", "dcm")
def coloured_jpeg_2000_of_the_size_of_a_film(kit):
    dataset = kit.make(coloured(4000), 8)
    dataset.compress(uid.JPEG2000Lossless)
    dataset.PixelData = encapsulate([next(generate_frames(dataset.PixelData, number_of_frames=1)) + bytes(20_000)])
    return kit.save(dataset)


@bad("damaged", "dcm")
def more_channels_than_the_header_says(kit):
    dataset = kit.make(coloured(1000), 8)
    dataset.compress(uid.JPEG2000Lossless)
    dataset.PixelData = encapsulate([next(generate_frames(dataset.PixelData, number_of_frames=1)) + bytes(20_000)])
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    return kit.save(dataset)


@bad("several values", "nrrd")
def nrrd_of_many_values(kit):
    vectors = kit.volume(np.zeros((48, 40, 2), np.uint16), vector=True)
    return vectors.replace(b"sizes: 2 40 48", b"sizes: 1000 8000 8000")


@bad("in color or of more", "nrrd")
def large_nrrd_of_64_bits(kit):
    return kit.volume(kit.film.astype(np.float64)).replace(b"sizes: 40 48", b"sizes: 8000 8000")


@bad("in color or of more", "nii")
def large_nifti_of_64_bits(kit):
    header = bytearray(nifti_header(kit, 8000, 8000))
    struct.pack_into("<2h", header, 70, 64, 64)  # type and bits
    return bytes(header)


def png_header(width, height):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")
    )


@bad("more", "png")
def png_bomb(kit):
    return png_header(60000, 60000)


@bad("more than any radiograph", "png")
def long_png(kit):
    return png_header(30000, 100)


@bad("more than any radiograph", "nii")
def nifti_bomb(kit):
    return nifti_header(kit, 30000, 30000)


@bad("more than any radiograph", "nii.gz")
def packed_nifti_bomb(kit):
    return gzip.compress(nifti_header(kit, 30000, 30000) + bytes(30_000_000))


def nifti_header(kit, columns, rows):
    header = bytearray(kit.volume(kit.film.astype(np.int16), "nii")[:352])
    struct.pack_into("<8h", header, 40, 2, columns, rows, 1, 1, 1, 1, 1)
    return bytes(header)


@bad("more than any radiograph", "nrrd")
def nrrd_bomb(kit):
    return kit.volume(kit.film).replace(b"sizes: 40 48", b"sizes: 30000 30000")


# -- pictures ---------------------------------------------------------------------------------------------------------


@bad("damaged", "png")
def truncated_png(kit):
    return kit.picture()[:-1000]


@bad("damaged", "png")
def flipped_bit_in_png(kit):
    data = bytearray(kit.picture())
    data[len(data) // 2] ^= 4
    return bytes(data)


@bad("damaged", "jpg")
def truncated_jpeg(kit):
    data = kit.picture((kit.film >> 4).astype(np.uint8), "JPEG")
    return data[: len(data) // 2]


@bad("damaged", "tif")
def truncated_tiff(kit):
    return kit.picture(format="TIFF")[:2000]


@bad("damaged", "jpg")
def jpeg_without_a_picture(kit):
    return b"\xff\xd8\xff\xe0" + bytes(100)


@bad("colour", "png")
def coloured_png(kit):
    grey = (kit.film >> 4).astype(np.uint8)
    return kit.picture(np.stack([grey, 255 - grey, grey], axis=-1))


@bad("colour", "jpg")
def coloured_jpeg(kit):
    grey = (kit.film >> 4).astype(np.uint8)
    return kit.picture(np.stack([grey, 255 - grey, grey], axis=-1), "JPEG")


@bad("colour", "png")
def coloured_palette(kit):
    image = Image.fromarray((kit.film >> 4).astype(np.uint8)).convert("P")
    image.putpalette([value for index in range(256) for value in (index, 255 - index, 0)])
    return kit.picture(image)


@bad("black and white", "png")
def drawing(kit):
    return kit.picture(Image.fromarray(kit.film > 2000))


@bad("several pictures", "tif")
def multi_page_tiff(kit):
    page = Image.fromarray(kit.film)
    return kit.picture(page, "TIFF", save_all=True, append_images=[page, page])


@bad("several pictures", "png")
def animated_png(kit):
    page = Image.fromarray((kit.film >> 4).astype(np.uint8))
    return kit.picture(page, "PNG", save_all=True, append_images=[page.transpose(Image.Transpose.ROTATE_180)])


@bad("no contrast", "png")
def constant_8_bit_png(kit):
    return kit.picture(np.full((48, 40), 7, np.uint8))


@bad("no contrast", "png")
def constant_16_bit_png(kit):
    return kit.picture(np.full((48, 40), 700, np.uint16))


@bad("no contrast", "tif")
def tiff_of_nothing_but_nan(kit):
    return kit.picture(np.full((48, 40), np.nan, np.float32), "TIFF")


@bad("too small", "png")
def thumbnail(kit):
    return kit.picture(kit.film[:, :31])


# -- volumes ----------------------------------------------------------------------------------------------------------


@bad("volume", "nrrd")
def nrrd_volume(kit):
    return kit.volume(np.stack([kit.film] * 3))


@bad("volume", "nii.gz")
def nifti_volume(kit):
    return kit.volume(np.stack([kit.film.astype(np.int16)] * 3), "nii.gz")


@bad("volume", "nii")
def nifti_series(kit):
    return kit.volume(np.stack([kit.film.astype(np.int16)[None]] * 3), "nii")


@bad("segmentation", "seg.nrrd")
def segmentation_by_name(kit):
    return kit.volume(kit.film.astype(np.uint8))


@bad("segmentation", "nrrd")
def segmentation_by_content(kit):
    image = SimpleITK.GetImageFromArray(kit.film.astype(np.uint8)[None])
    image.SetMetaData("Segment0_ID", "infection_right")
    SimpleITK.WriteImage(image, str(kit.folder / "made.nrrd"))
    return (kit.folder / "made.nrrd").read_bytes()


@bad("damaged", "nrrd")
def truncated_nrrd(kit):
    return kit.volume(kit.film)[:-1000]


@bad("incomplete", "nii")
def truncated_nifti(kit):
    return kit.volume(kit.film, "nii")[:-1000]


@bad("", "nii.gz")
def truncated_packed_nifti(kit):
    return kit.volume(kit.film, "nii.gz")[:-1000]


@bad("incomplete", "nii.gz")
def nifti_truncated_before_packing(kit):
    return gzip.compress(kit.volume(kit.film, "nii")[:-1000])


@bad("too small", "nrrd")
def tiny_nrrd(kit):
    return kit.volume(kit.film[:10])


@bad("line", "nrrd")
def line(kit):
    return kit.volume(kit.film[:1])


@bad("complex", "nrrd")
def complex_numbers(kit):
    return kit.volume((kit.film * 1j).astype(np.complex64), "nii")


@bad("colour", "nrrd")
def coloured_nrrd(kit):
    grey = (kit.film >> 4).astype(np.uint8)
    return kit.volume(np.stack([grey, 255 - grey, grey], axis=-1), vector=True)


@bad("several values", "nrrd")
def vectors(kit):
    return kit.volume(np.stack([kit.film.astype(np.float32)] * 2, axis=-1), vector=True)


@bad("no contrast", "nrrd")
def constant_nrrd(kit):
    return kit.volume(np.full_like(kit.film, 5))


# -- the test of all of them ------------------------------------------------------------------------------------------


def refusal(path):
    """Return the sentence with which a path is refused, having looked at its form."""
    with pytest.raises(RadiographError) as caught:
        read_radiograph(path)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    assert sentence[0].isupper()
    assert 15 < len(sentence) < 200
    for word in ("Error", "Traceback", "Exception", "pydicom", "<", "None", "Doe", str(path)):
        assert word not in sentence
    if "damaged, incomplete" in sentence:
        assert caught.value.__cause__ is not None
    return sentence


def test_there_are_many():
    assert len(BAD) >= 80


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused(kit, tmp_path, name, capfd):
    word, make, ending = BAD[name]
    path = tmp_path / (f"{name}.{ending}" if ending else name)
    path.write_bytes(make(kit))
    capfd.readouterr()
    assert word in refusal(path)
    assert capfd.readouterr().out == ""


def costs_of(folder):
    return reading_costs(folder, "from CausalCLIPSegLib.radiograph import read_radiograph", '{"*": read_radiograph}')


def test_all_are_refused_in_little_time_and_memory(kit, tmp_path):
    folder = tmp_path / "all"
    folder.mkdir()
    for name, (_, make, ending) in BAD.items():
        (folder / (f"{name}.{ending}" if ending else name)).write_bytes(make(kit))
    costs = costs_of(folder)
    assert len(costs) == len(BAD)
    assert all(cost.refused for cost in costs)
    assert_cheap(costs)


LARGE = {
    "private value": lambda kit: spiked(kit, element(0x00091010, b"OB", bytes(100_000_000)), b"\x10\0\x10\0"),
    "sequence": lambda kit: spiked(kit, element(SEQUENCE, b"SQ", item() * 1_000_000), b"\x10\0\x10\0"),
    "private sequence": lambda kit: spiked(kit, element(0x00091010, b"SQ", item() * 1_000_000), b"\x10\0\x10\0"),
    "padding behind the pixels": lambda kit: kit.dicom() + element(0xFFFCFFFC, b"OB", bytes(100_000_000)),
    "elements behind the pixels": lambda kit: kit.dicom() + empty_elements(60_000, 0x7FE2) * 50,
    "items behind the pixels": lambda kit: kit.dicom() + element(0xFFFAFFFA, b"SQ", item() * 4_000_000),
    "behind the deflated data set": lambda kit: deflated(kit) + bytes(100_000_000),
}


@pytest.mark.parametrize("what", LARGE)
def test_what_no_film_needs_is_passed_over(kit, film, tmp_path, what):
    folder = tmp_path / "large"
    folder.mkdir()
    path = folder / "film.dcm"
    path.write_bytes(LARGE[what](kit))
    radiograph = read_radiograph(path)
    assert radiograph.pixels.shape == film.shape
    assert radiograph.header.PatientName == "Doe^Jane"
    assert_cheap(costs_of(folder))


@pytest.mark.parametrize("preamble", [True, False])
def test_a_deflated_film_is_the_same_film(kit, write_dicom, film, tmp_path, preamble):
    path = tmp_path / "deflated.dcm"
    path.write_bytes(deflated(kit)[0 if preamble else 132 :])
    np.testing.assert_array_equal(read_radiograph(path).pixels, read_radiograph(write_dicom(film)).pixels)


def test_the_layout_of_the_pixels_is_the_one_that_was_checked(kit, film, tmp_path):
    """Elements between two kinds of pixels would be read by some, and not by others."""
    rows = struct.pack("<HH2sHH", 0x28, 0x10, b"US", 2, 60000)
    path = tmp_path / "film.dcm"
    path.write_bytes(spiked(kit, element(0x7FE00008, b"OF") + rows, b"\xe0\x7f\x10\0"))
    assert read_radiograph(path).pixels.shape == film.shape


def test_missing_file(tmp_path):
    assert "no such file" in refusal(tmp_path / "missing.dcm")
    assert "no such file" in refusal(tmp_path / "missing" / "film.dcm")


def test_folder(tmp_path):
    assert "folder" in refusal(tmp_path)


def test_impossible_name():
    refusal("a\0b")
    refusal("x" * 5000)


def test_no_permission(tmp_path, monkeypatch):
    path = tmp_path / "film.dcm"
    path.write_bytes(b"x")
    real = Path.open

    def locked(self, *args, **kwargs):
        if self == path:
            raise PermissionError(13, "Permission denied", str(self))
        return real(self, *args, **kwargs)

    monkeypatch.setattr(Path, "open", locked)
    assert "permission" in refusal(path)


def test_giant_file(tmp_path):
    path = tmp_path / "film.dcm"
    path.touch()
    os.truncate(path, 5 << 30)  # sparse: takes no room
    assert "too large" in refusal(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert "no such file" in refusal(tmp_path / "pipe")


@pytest.mark.parametrize(
    "name", ["CT_small.dcm", "MR_small.dcm", "US1_UNCR.dcm", "liver.dcm", "test-SR.dcm", "SC_rgb.dcm"]
)
def test_real_files_of_other_kinds(real_film, name):
    refusal(real_film(name))


@pytest.mark.parametrize("share", [0.001, 0.3, 0.99])
def test_truncated_real_film(real_film, tmp_path, share):
    data = real_film("RG3_J2KR.dcm").read_bytes()
    path = tmp_path / "film.dcm"
    path.write_bytes(data[: int(len(data) * share)])
    refusal(path)

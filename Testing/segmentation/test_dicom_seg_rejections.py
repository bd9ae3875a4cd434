"""Files that cannot be shown, converted or corrected are rejected quickly, in one sentence, and nothing is written.

The three tables hold, for each bad file: its name, what the error message must contain, and a function that makes the
file's bytes.
"""

from __future__ import annotations

import bz2
import gzip
import io
import os
import re
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from dx_images import make_dx, save_dx
from pydicom import DataElement, Dataset, dcmread, uid
from pydicom.encaps import encapsulate
from reading_costs import assert_cheap, reading_costs

from CausalCLIPSegLib.segmentation.dicom_writer import encode, save
from CausalCLIPSegLib.segmentation.nrrd_writer import write_segments
from CausalCLIPSegLib.segmentation.source_image import read_source

SHAPE = (48, 40)
LABEL_MAP = "1.2.840.10008.5.1.4.1.1.66.7"
EDITOR = ["--editor", "Roe^Richard"]


class Kit:
    """A radiograph, a DICOM-SEG and a .seg.nrrd of it, from which the bad files are made."""

    def __init__(self, folder, make_segmentation):
        self.image, self.dicom = folder / "image.dcm", folder / "good.dcm"
        save_dx(make_dx(), self.image)
        header = dcmread(self.image, stop_before_pixels=True)
        segmentation = make_segmentation(header)
        save(encode(segmentation, header), self.dicom)
        self.nrrd = folder / "good.seg.nrrd"
        write_segments(segmentation.segments, SHAPE, np.diag([0.15, 0.2, 1, 1]), self.nrrd)
        self.single_nrrd = folder / "single.seg.nrrd"  # one layer, so that its voxels are x, y, z
        write_segments(segmentation.segments[:1], SHAPE, np.diag([0.15, 0.2, 1, 1]), self.single_nrrd)

    def dataset(self):
        return dcmread(self.dicom)

    def pixels_start(self):
        return self.dicom.read_bytes().rindex(b"\xe0\x7f\x10\x00")

    def single_nrrd_parts(self):
        """Return the header and the unpacked voxels of the .seg.nrrd with one segment."""
        head, _, packed = self.single_nrrd.read_bytes().partition(b"\n\n")
        return head + b"\n\n", gzip.decompress(packed)


Make = Callable[[Kit], bytes]
Table = dict[str, tuple[str, Make]]


@pytest.fixture(scope="module")
def kit(make_segmentation, tmp_path_factory):
    return Kit(tmp_path_factory.mktemp("good"), make_segmentation)


def to_bytes(dataset):
    buffer = io.BytesIO()
    dataset.file_meta.MediaStorageSOPClassUID = dataset.get("SOPClassUID", "1.2.3")
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.get("SOPInstanceUID", "1.2.3")
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def dataset_start(data):
    """Return where the data set begins, after the meta information."""
    return 144 + dcmread(io.BytesIO(data), stop_before_pixels=True).file_meta.FileMetaInformationGroupLength


def zeros(count, wbits):
    """Return `count` zeros, compressed quickly: after a full flush a stream may repeat what came before."""
    packer, chunk = zlib.compressobj(9, zlib.DEFLATED, wbits), bytes(10_000_000)
    start = packer.compress(chunk) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(chunk) + packer.flush(zlib.Z_FULL_FLUSH)
    return start + again * (count // len(chunk) - 1)


def insert(data, element):
    """Insert an encoded element at the beginning of a data set."""
    position = data.index(b"\x08\0\x05\0CS")
    return data[:position] + element + data[position:]


# functions that make bad DICOM-SEG files: edits of the good one


def edited(edit) -> Make:
    """Change the data set by a function."""

    def make(kit):
        dataset = kit.dataset()
        edit(dataset)
        return to_bytes(dataset)

    return make


def changed(**elements) -> Make:
    """Replace elements; None removes one."""

    def edit(dataset):
        for keyword, value in elements.items():
            if value is None:
                delattr(dataset, keyword)
            else:
                setattr(dataset, keyword, value)

    return edited(edit)


def retyped(keyword, vr, value) -> Make:
    """Give an element another value representation."""

    def edit(dataset):
        tag = dataset[keyword].tag
        del dataset[keyword]
        dataset.add(DataElement(tag, vr, value))

    return edited(edit)


def truncated(end) -> Make:
    return lambda kit: kit.dicom.read_bytes()[: end(kit)]


def compressed(syntax, frame) -> Make:
    def edit(dataset):
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset.PixelData = encapsulate([frame] * 3)
        dataset["PixelData"].is_undefined_length = True

    return edited(edit)


def with_syntax(old, new, make: Make = lambda kit: kit.dicom.read_bytes()) -> Make:
    """Replace the transfer syntax in the file by one of the same length; the pixels stay as they are."""
    return lambda kit: make(kit).replace(old + b"\0", new + b"\0", 1)


def with_element(element) -> Make:
    return lambda kit: insert(kit.dicom.read_bytes(), element() if callable(element) else element)


def labelmap(labels=None, background=0, **elements) -> Make:
    """Make a LABELMAP with segments 1, 2 and 3."""

    def edit(dataset):
        dataset.SOPClassUID, dataset.SegmentationType = LABEL_MAP, "LABELMAP"
        dataset.BitsAllocated = dataset.BitsStored = 8
        dataset.HighBit, dataset.NumberOfFrames = 7, 1
        dataset.add(DataElement(0x00280120, "US", background))
        pixels = np.arange(48 * 40).reshape(SHAPE) % 4 if labels is None else labels
        dataset.PixelData = pixels.astype(np.uint8).tobytes()
        for keyword, value in elements.items():
            setattr(dataset, keyword, value)

    return edited(edit)


def set_owner(dataset, number):
    """Make the second frame belong to another segment."""
    dataset.PerFrameFunctionalGroupsSequence[1].SegmentIdentificationSequence[0].ReferencedSegmentNumber = number


def refer_to_a_second_image(dataset):
    other = Dataset()
    other.ReferencedSOPClassUID, other.ReferencedSOPInstanceUID = uid.DigitalXRayImageStorageForPresentation, "2.25.7"
    dataset.ReferencedSeriesSequence[0].ReferencedInstanceSequence.append(other)


def deflated(kit):
    def edit(dataset):
        dataset.file_meta.TransferSyntaxUID = uid.DeflatedExplicitVRLittleEndian

    return edited(edit)(kit)


def deflate_bomb(kit):
    data = deflated(kit)
    return data[: dataset_start(data)] + zeros(500_000_000, -15)


def meta_information_bomb(kit):
    data = kit.dicom.read_bytes()
    return data[:132] + struct.pack("<HH", 2, 3) + b"LO\0\0" * 5_000_000 + data[132:]


def item_bomb():
    items = b"\xfe\xff\x00\xe0\0\0\0\0" * 200_000
    return b"\x08\0\x01\0SQ\0\0" + struct.pack("<I", len(items)) + items


def no_sop_instance_uid(kit):
    sop_instance_uid = str(kit.dataset().SOPInstanceUID).encode()
    return kit.dicom.read_bytes().replace(sop_instance_uid, b"x" * len(sop_instance_uid))


def sequence_to_the_end_of_the_file(kit):
    data = kit.dicom.read_bytes()
    position = data.index(b"\x62\0\x02\0SQ") + 8
    return data[:position] + struct.pack("<I", len(data)) + data[position + 4 :]


RLE_FRAME = struct.pack("<16I", 1, 64, *[0] * 14) + b"\x81\0" * 60
NESTED = b"\x08\0\x01\0SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"

DICOM: Table = {
    # not a DICOM-SEG
    "empty_file": ("empty", lambda kit: b""),
    "text": ("not a DICOM file", lambda kit: b"Consolidation in the right lower zone.\n" * 100),
    "noise": ("not a DICOM file", lambda kit: np.random.default_rng(0).bytes(5000)),
    "nrrd_named_dcm": ("not a DICOM file", lambda kit: kit.nrrd.read_bytes()),
    "preamble_only": ("another kind", lambda kit: bytes(128) + b"DICM"),
    "radiograph": ("not a segmentation", lambda kit: kit.image.read_bytes()),
    "ct": ("CT Image", changed(SOPClassUID=uid.CTImageStorage)),
    "structure_set": ("RT Structure Set", changed(SOPClassUID=uid.RTStructureSetStorage, PixelData=None)),
    "report": ("Comprehensive SR", changed(SOPClassUID=uid.ComprehensiveSRStorage, PixelData=None)),
    "surfaces": ("Surface Segmentation", changed(SOPClassUID=uid.SurfaceSegmentationStorage, PixelData=None)),
    "slide": ("Whole Slide", changed(SOPClassUID=uid.VLWholeSlideMicroscopyImageStorage)),
    "private_object": ("another kind", changed(SOPClassUID="1.3.6.1.4.1.99999.1.2")),
    "no_sop_class": ("another kind", changed(SOPClassUID=None)),
    # truncated
    "cut_in_the_preamble": ("not a DICOM file", truncated(lambda kit: 100)),
    "cut_in_the_meta_information": ("", truncated(lambda kit: 200)),
    "cut_in_the_header": ("no outlines", truncated(lambda kit: kit.pixels_start() // 2)),
    "cut_in_the_last_sequence": ("", truncated(lambda kit: kit.pixels_start() - 50)),
    "cut_before_the_pixels": ("no outlines", truncated(lambda kit: kit.pixels_start())),
    "cut_in_the_length_of_the_pixels": ("damaged", truncated(lambda kit: kit.pixels_start() + 10)),
    "cut_in_the_pixels": ("damaged", truncated(lambda kit: kit.pixels_start() + 100)),
    "cut_at_the_last_byte": ("damaged", truncated(lambda kit: -1)),
    # kinds that are not read
    "fractional": ("probabilities", changed(SegmentationType="FRACTIONAL")),
    "binary_in_a_labelmap_class": ("contradicts itself", changed(SOPClassUID=LABEL_MAP)),
    "labelmap_in_a_binary_class": ("contradicts itself", changed(SegmentationType="LABELMAP")),
    "no_segmentation_type": ("contradicts itself", changed(SegmentationType=None)),
    "run_lengths": ("compressed", compressed(uid.RLELossless, RLE_FRAME)),
    "corrupt_jpeg_2000": ("compressed", compressed(uid.JPEG2000Lossless, b"\xff\x4f\xff\x51" + b"\xff" * 300)),
    "corrupt_jpeg_ls": ("compressed", compressed(uid.JPEGLSLossless, b"\xff\xd8\xff\xf7" + bytes(300))),
    "video": ("compressed", compressed(uid.MPEG4HP41, bytes(1000))),
    "unknown_transfer_syntax": ("compressed", with_syntax(b"1.2.840.10008.1.2.1", b"1.2.840.10008.1.2.9")),
    "deflated": ("compressed", deflated),
    "encapsulated_in_a_native_syntax": (
        "damaged",
        with_syntax(b"1.2.840.10008.1.2.5", b"1.2.840.10008.1.2.1", compressed(uid.RLELossless, bytes(100))),
    ),
    # bombs
    "huge_rows": ("more pixels", changed(Rows=65535, Columns=65535)),
    "huge_area": ("more pixels", changed(Rows=20000, Columns=20000)),
    "many_frames": ("several pictures", changed(NumberOfFrames=2**31 - 1)),
    "largest_allowed_size": ("damaged", changed(Rows=8000, Columns=8000)),
    "many_segments": ("more segments", edited(lambda d: setattr(d, "SegmentSequence", [d.SegmentSequence[0]] * 300))),
    "many_large_segments": (
        "more segments",
        edited(lambda d: d.update({"SegmentSequence": [d.SegmentSequence[0]] * 200, "Rows": 5000, "Columns": 5000})),
    ),
    "deflate_bomb": ("compressed", deflate_bomb),
    "item_bomb": ("longer than", with_element(item_bomb)),
    "element_bomb": (
        "",
        with_element(lambda: b"".join(struct.pack("<HH", 8, n) + b"LO\0\0" for n in range(5)) * 500_000),
    ),
    "meta_information_bomb": ("", meta_information_bomb),
    "endless_nesting": ("", with_element(NESTED * 9000)),
    "element_of_four_gigabytes": ("", with_element(b"\x08\0\x01\0OB\0\0\xf0\xff\xff\xff")),
    "large_private_element": (
        "no outlines",
        with_element(lambda: b"\x09\0\x10\0OB\0\0" + struct.pack("<I", 100_000_000) + bytes(100_000_000)),
    ),
    "bomb_after_the_pixels": (
        "",
        lambda kit: changed(Rows=47)(kit) + struct.pack("<HH", 0xFFFC, 0xFFFC) + b"LO\0\0" * 2_000_000,
    ),
    # headers that contradict themselves
    "fewer_frames_described": ("do not fit", edited(lambda d: d.PerFrameFunctionalGroupsSequence.pop(2))),
    "fewer_frames_counted": ("do not fit", changed(NumberOfFrames=2)),
    "no_frames_described": ("do not fit", changed(PerFrameFunctionalGroupsSequence=None)),
    "frame_without_a_segment": (
        "which segment",
        edited(lambda d: delattr(d.PerFrameFunctionalGroupsSequence[1], "SegmentIdentificationSequence")),
    ),
    "frame_of_an_unknown_segment": ("numbered", edited(lambda d: set_owner(d, 9))),
    "two_frames_of_a_segment": ("several pictures", edited(lambda d: set_owner(d, 1))),
    "two_segments_of_a_number": ("numbered", edited(lambda d: setattr(d.SegmentSequence[1], "SegmentNumber", 1))),
    "segment_without_a_number": ("numbered", edited(lambda d: delattr(d.SegmentSequence[1], "SegmentNumber"))),
    "segment_missing": ("several pictures", edited(lambda d: d.SegmentSequence.pop(1))),
    "no_segments": ("no segment", changed(SegmentSequence=None)),
    "empty_sequence_of_segments": ("no segment", changed(SegmentSequence=[])),
    "segment_without_codes": (
        "what its segments are",
        edited(lambda d: delattr(d.SegmentSequence[1], "SegmentedPropertyTypeCodeSequence")),
    ),
    "bytes_for_bits": ("contradicts itself", changed(BitsAllocated=8)),
    "colored": ("contradicts itself", changed(SamplesPerPixel=3)),
    "signed": ("contradicts itself", changed(PixelRepresentation=1)),
    "no_rows": ("holds no outlines", changed(Rows=0)),
    "columns_missing": ("holds no outlines", changed(Columns=None)),
    "one_row_more": ("do not fit", changed(Rows=49)),
    "one_column_less": ("do not fit", changed(Columns=39)),
    "too_many_pixels": ("do not fit", edited(lambda d: setattr(d, "PixelData", d.PixelData + b"\0\0"))),
    "no_pixels": ("no outlines", changed(PixelData=None)),
    "floating_point_pixels": ("no outlines", changed(PixelData=None, FloatPixelData=bytes(4 * 48 * 40))),
    "label_without_a_segment": ("describe", labelmap(np.full(SHAPE, 7))),
    "labelmaps_of_several_pictures": ("several pictures", labelmap(NumberOfFrames=3)),
    "label_of_the_background": ("describe", labelmap(background=2)),
    "two_images": ("several pictures", edited(refer_to_a_second_image)),
    "image_without_an_identifier": (
        "identifies",
        edited(
            lambda d: delattr(d.ReferencedSeriesSequence[0].ReferencedInstanceSequence[0], "ReferencedSOPInstanceUID")
        ),
    ),
    "no_study": ("identifies", changed(StudyInstanceUID=None)),
    "no_sop_instance_uid": ("identifies", no_sop_instance_uid),
    # values of another type
    "text_for_the_segments": ("no segment", retyped("SegmentSequence", "LO", "three segments")),
    "number_for_the_frames": ("do not fit", retyped("PerFrameFunctionalGroupsSequence", "FD", 3.0)),
    "text_for_a_number": ("holds no outlines", retyped("Rows", "LO", "forty-eight")),
    "several_values": ("holds no outlines", retyped("Columns", "US", [40, 40])),
    "not_a_whole_number": ("holds no outlines", retyped("NumberOfFrames", "LO", "abc")),
    "sequence_to_the_end_of_the_file": ("", sequence_to_the_end_of_the_file),
}


# functions that make bad .seg.nrrd files: edits of the good ones


def nrrd(old, new, *, single=False) -> Make:
    """Replace bytes of the header."""

    def make(kit):
        data = (kit.single_nrrd if single else kit.nrrd).read_bytes()
        assert old in data
        return data.replace(old, new, 1)

    return make


def nrrd_parts(edit) -> Make:
    """Return a function that is given the header and the unpacked voxels, and returns the bytes of the file."""
    return lambda kit: edit(*kit.single_nrrd_parts())


def nrrd_line(name, value) -> Make:
    """Replace the line of the header that begins with a name."""

    def edit(head, voxels):
        line = next(line for line in head.splitlines() if line.startswith(name))
        return head.replace(line, name + value) + gzip.compress(voxels)

    return nrrd_parts(edit)


def nrrd_encoding(encoding, encode) -> Make:
    return nrrd_parts(lambda head, voxels: head.replace(b"encoding: gzip", encoding) + encode(voxels))


def nrrd_offset(value) -> Make:
    return nrrd_line(b"Segmentation_ReferenceImageExtentOffset", b":=" + value)


def nrrd_directions(value) -> Make:
    return nrrd_line(b"space directions", b": " + value)


def nrrd_flipped_bits(kit):
    data = bytearray(kit.nrrd.read_bytes())
    data[-12] ^= 0xFF
    return bytes(data)


def nrrd_future_version(kit):
    data = kit.nrrd.read_bytes()
    return data.replace(b"NRRD0005" if b"NRRD0005" in data else b"NRRD0004", b"NRRD0099", 1)


def nrrd_header_bomb(head, voxels):
    return head[:-1] + b"".join(b"a%d:=b\n" % n for n in range(2_000_000)) + b"\n" + voxels


def nrrd_two_dimensions(head, voxels):
    head = head.replace(b"dimension: 3", b"dimension: 2").replace(b"sizes: 40 48 1", b"sizes: 40 48")
    return head + gzip.compress(voxels)


def nrrd_floats(head, voxels):
    type_line = next(line for line in head.splitlines() if line.startswith(b"type:"))
    floats = np.frombuffer(voxels, "u1").astype("<f4")
    return head.replace(type_line, b"type: float\nendian: little") + gzip.compress(floats)


def nrrd_without_segments(head, voxels):
    lines = [line for line in head.splitlines() if not line.startswith(b"Segment0")]
    return b"\n".join(lines) + b"\n\n" + gzip.compress(voxels)


def nrrd_same_label_twice(kit):
    data = nrrd(b"Segment1_Layer:=1", b"Segment1_Layer:=0")(kit)
    return data.replace(b"Segment1_LabelValue:=2", b"Segment1_LabelValue:=1", 1)


def nrrd_many_segments(head, voxels):
    more = b"".join(b"Segment%d_ID:=s%d\n" % (n, n) for n in range(1, 400))
    return head[:-1] + more + b"\n" + gzip.compress(voxels)


SIZES = b"sizes: 40 48 1"
RAW = b"encoding: raw\n"

NRRD: Table = {
    "empty_file": ("empty", lambda kit: b""),
    "text": ("not a .seg.nrrd", lambda kit: b"not a segmentation\n\n"),
    "dicom_named_nrrd": ("not a .seg.nrrd", lambda kit: kit.dicom.read_bytes()),
    "magic_only": ("damaged", lambda kit: b"NRRD0004\n"),
    "no_fields": ("damaged", lambda kit: b"NRRD0004\n\n"),
    "future_version": ("damaged", nrrd_future_version),
    "cut_in_the_header": ("damaged", lambda kit: kit.nrrd.read_bytes()[:300]),
    "header_bomb": ("damaged", nrrd_parts(nrrd_header_bomb)),
    "cut_in_the_values": ("damaged", lambda kit: kit.nrrd.read_bytes()[:-20]),
    "flipped_bits": ("damaged", nrrd_flipped_bits),
    "fewer_values": ("damaged", nrrd_parts(lambda head, voxels: head + gzip.compress(voxels[:-1]))),
    "more_values": ("damaged", nrrd_parts(lambda head, voxels: head + gzip.compress(voxels + b"\0"))),
    "gzip_bomb": ("damaged", nrrd_parts(lambda head, voxels: head + zeros(500_000_000, 31))),
    "huge_sizes": ("more pixels", nrrd(SIZES, b"sizes: 2000000000 2000000000 1", single=True)),
    "huge_area": ("more pixels", nrrd(SIZES, b"sizes: 20000 20000 1", single=True)),
    "many_layers": ("more pixels", nrrd(b"sizes: 2 40 48 1", b"sizes: 2000000 40 48 1")),
    "another_size": ("another grid", nrrd(SIZES, b"sizes: 48 40 1", single=True)),
    "volume": ("one picture", nrrd(SIZES, b"sizes: 40 24 2", single=True)),
    "no_rows": ("one picture", nrrd(SIZES, b"sizes: 40 0 1", single=True)),
    "two_dimensions": ("one picture", nrrd_parts(nrrd_two_dimensions)),
    "dimension_contradicts_sizes": ("one picture", nrrd(b"dimension: 3", b"dimension: 4", single=True)),
    "no_sizes": ("damaged", nrrd(SIZES + b"\n", b"", single=True)),
    "floating_point_values": ("damaged", nrrd_parts(nrrd_floats)),
    "no_type": ("damaged", nrrd(b"type: ", b"tipo: ")),
    "bzip2": ("in a way", nrrd_encoding(b"encoding: bzip2", bz2.compress)),
    "ascii": ("in a way", nrrd_encoding(b"encoding: ascii", lambda voxels: " ".join(map(str, voxels)).encode())),
    "byte_skip": ("in a way", nrrd_encoding(RAW + b"byte skip: -1", bytes)),
    "detached_file": ("another file", nrrd_encoding(RAW + b"data file: values.raw", lambda voxels: b"")),
    "list_of_files": ("damaged", nrrd_encoding(RAW + b"data file: LIST\n/etc/passwd", lambda voxels: b"")),
    "no_segments": ("no segments", nrrd_parts(nrrd_without_segments)),
    "no_label": ("which values", nrrd(b"Segment0_LabelValue", b"Segment0_LabelValues")),
    "no_layer": ("which values", nrrd(b"Segment1_Layer", b"Segment1_Layers")),
    "layer_out_of_range": ("which values", nrrd(b"Segment0_Layer:=0", b"Segment0_Layer:=9")),
    "same_label_twice": ("which values", nrrd_same_label_twice),
    "label_of_the_background": ("which values", nrrd(b"Segment0_LabelValue:=1", b"Segment0_LabelValue:=0")),
    "unknown_label": ("does not describe", nrrd(b"Segment0_LabelValue:=1", b"Segment0_LabelValue:=3")),
    "label_in_letters": ("damaged", nrrd(b"Segment0_LabelValue:=1", b"Segment0_LabelValue:=one")),
    "many_segments": ("more segments", nrrd_parts(nrrd_many_segments)),
    "another_radiograph": ("40 x 48", nrrd(b"0;39;0;47;0;0;", b"0;49;0;47;0;0;")),
    "radiograph_with_an_offset": ("40 x 48", nrrd(b"0;39;0;47;0;0;", b"5;44;0;47;0;0;")),
    "beyond_the_radiograph": ("another grid", nrrd_offset(b"3 0 0")),
    "before_the_radiograph": ("another grid", nrrd_offset(b"-1 0 0")),
    "fractional_offset": ("damaged", nrrd_offset(b"0.5 0 0")),
    "mirrored": ("another grid", nrrd_directions(b"(-0.15,0,0) (0,0.2,0) (0,0,1)")),
    "finer_grid": ("another grid", nrrd_directions(b"(0.075,0,0) (0,0.1,0) (0,0,1)")),
    "not_a_number_in_the_directions": ("another grid", nrrd_directions(b"(nan,0,0) (0,0.2,0) (0,0,1)")),
    "unknown_space": ("damaged", nrrd(b"left-posterior-superior", b"scanner-xyz")),
    "malformed_tags": ("damaged", nrrd(b"TerminologyEntry:", b"TerminologyEntry:~|x")),
}


# functions that make bad images


def image(**elements) -> Make:
    return lambda kit: to_bytes(make_dx(**elements))


def image_with_element(element) -> Make:
    return lambda kit: insert(to_bytes(make_dx()), element())


def image_deflate_bomb(kit):
    data = to_bytes(make_dx(syntax=uid.DeflatedExplicitVRLittleEndian))
    return data[: dataset_start(data)] + zeros(500_000_000, -15)


IMAGES: Table = {
    "empty_file": ("empty", lambda kit: b""),
    "text": ("", lambda kit: b"not a radiograph at all"),
    "png": ("", lambda kit: b"\x89PNG\r\n\x1a\n" + bytes(1000)),
    "segmentation": ("which kind", lambda kit: kit.dicom.read_bytes()),
    "ct": ("which kind", image(SOPClassUID=uid.CTImageStorage)),
    "another_radiograph": ("another radiograph", image(SOPInstanceUID="2.25.77")),
    "no_sop_instance_uid": ("SOPInstanceUID", image(SOPInstanceUID=None)),
    "no_study": ("StudyInstanceUID", image(StudyInstanceUID=None)),
    "another_size": ("pixels", image(shape=(40, 48))),
    "no_rows": ("how large", image(Rows=None)),
    "huge_size": ("how large", image(Rows=65535, Columns=65535)),
    "element_bomb": (
        "more parts",
        image_with_element(lambda: b"".join(struct.pack("<HH", 9, n) + b"LO\0\0" for n in range(5000)) * 1000),
    ),
    "item_bomb": (
        "more parts",
        image_with_element(lambda: b"\x08\0\x01\0SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\0\0\0\0" * 5_000_000),
    ),
    "few_pixels": ("too small", image(shape=(5, 1))),
    "cut_in_the_header": ("", lambda kit: to_bytes(make_dx())[:500]),
    "deflate_bomb": ("unpacks to more", image_deflate_bomb),
}


def error_message(run):
    """Return the error message of a rejected command, after checking its form."""
    assert run.status == 2, run.err
    assert run.out == ""
    message = run.err.strip()
    assert "\n" not in message
    assert message.endswith(".")
    assert 15 < len(message.replace(str(run.folder), "")) < 250
    for word in ("Error", "Traceback", "Exception", "pydicom", "None", "Doe"):
        assert word not in message
    return message


def assert_rejected(causalclipseg, tmp_path, message, commands):
    """Run commands with --output and --force: each is rejected, and leaves the existing file as it was."""
    folder = tmp_path / "existing"
    folder.mkdir()
    (folder / "result").write_text("an earlier result")
    for command in commands:
        assert message in error_message(causalclipseg(*command, "--output", folder / "result", "--force"))
    assert [path.name for path in folder.iterdir()] == ["result"]
    assert (folder / "result").read_text() == "an earlier result"


def test_reads_the_good_files(kit, causalclipseg, tmp_path):
    assert causalclipseg("seg", "show", kit.dicom).status == 0
    (tmp_path / "labels.dcm").write_bytes(labelmap()(kit))
    assert causalclipseg("seg", "show", tmp_path / "labels.dcm").status == 0
    for path in (kit.nrrd, kit.single_nrrd):
        command = ["seg", "convert", path, "--image", kit.image, "--output", path.with_suffix(".dcm")]
        assert causalclipseg(*command).status == 0


@pytest.mark.parametrize("name", DICOM)
def test_rejects_a_bad_dicom_seg(kit, causalclipseg, tmp_path, name):
    message, make = DICOM[name]
    path = tmp_path / "bad.dcm"
    path.write_bytes(make(kit))
    assert message in error_message(causalclipseg("seg", "show", path))
    revise = ["seg", "revise", path, kit.nrrd, "--image", kit.image, *EDITOR]
    assert_rejected(causalclipseg, tmp_path, message, [["seg", "convert", path], revise])


@pytest.mark.parametrize("name", NRRD)
def test_rejects_a_bad_nrrd(kit, causalclipseg, tmp_path, name):
    message, make = NRRD[name]
    path = tmp_path / "bad.seg.nrrd"
    path.write_bytes(make(kit))
    revise = ["seg", "revise", kit.dicom, path, "--image", kit.image, *EDITOR]
    assert_rejected(causalclipseg, tmp_path, message, [["seg", "convert", path, "--image", kit.image], revise])


@pytest.mark.parametrize("name", IMAGES)
def test_rejects_a_bad_image(kit, causalclipseg, tmp_path, name):
    message, make = IMAGES[name]
    path = tmp_path / "bad.dcm"
    path.write_bytes(make(kit))
    revise = ["seg", "revise", kit.dicom, kit.single_nrrd, "--image", path, *EDITOR]
    commands = [["seg", "convert", kit.dicom, "--image", path], revise]
    if name != "another_radiograph":  # a .seg.nrrd does not name its radiograph
        commands.append(["seg", "convert", kit.nrrd, "--image", path])
    assert_rejected(causalclipseg, tmp_path, message, commands)


def test_rejects_a_segmentation_that_names_no_radiograph(kit, causalclipseg, tmp_path):
    dataset = kit.dataset()
    del dataset.ReferencedSeriesSequence
    dataset.pop("SourceImageSequence", None)
    for item in (*dataset.SharedFunctionalGroupsSequence, *dataset.PerFrameFunctionalGroupsSequence):
        item.pop("DerivationImageSequence", None)
    path = tmp_path / "orphan.dcm"
    dataset.save_as(path)
    assert re.search(r"Image +unknown", causalclipseg("seg", "show", path).out)
    commands = [
        ["seg", "convert", path, "--image", kit.image],
        ["seg", "revise", path, kit.single_nrrd, "--image", kit.image, *EDITOR],
    ]
    assert_rejected(causalclipseg, tmp_path, "which radiograph", commands)


def test_rejects_folders_and_missing_files(kit, causalclipseg, tmp_path):
    for path, message in ((tmp_path, "folder"), (tmp_path / "none.dcm", "no file"), ("x" * 5000, "")):
        for command in (
            ["seg", "show", path],
            ["seg", "convert", kit.dicom, "--image", path],
            ["seg", "revise", path, kit.nrrd, "--image", kit.image, *EDITOR],
            ["seg", "revise", kit.dicom, path, "--image", kit.image, *EDITOR],
        ):
            assert message in error_message(causalclipseg(*command))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_does_not_wait_for_a_pipe(causalclipseg, tmp_path):
    os.mkfifo(tmp_path / "pipe.dcm")
    assert "no file" in error_message(causalclipseg("seg", "show", tmp_path / "pipe.dcm"))


def test_rejects_a_file_without_permission(kit, causalclipseg, monkeypatch):
    def deny(self, *arguments, **options):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", deny)
    assert "permission" in error_message(causalclipseg("seg", "show", kit.dicom))


def test_skips_huge_sequences_of_an_image(tmp_path):
    items = b"\xfe\xff\x00\xe0\0\0\0\0" * 1_000_000
    folder = tmp_path / "image"
    folder.mkdir()
    path = folder / "image.dcm"
    path.write_bytes(insert(to_bytes(make_dx()), b"\x08\0\x01\0SQ\0\0" + struct.pack("<I", len(items)) + items))
    assert read_source(path)[1] == SHAPE
    imports = "from CausalCLIPSegLib.segmentation.source_image import read_source"
    assert_cheap(reading_costs(folder, imports, '{"dcm": read_source}'))


def test_rejects_a_giant_file(kit, causalclipseg, tmp_path):
    for name in ("giant.dcm", "giant.seg.nrrd"):
        (tmp_path / name).touch()
        os.truncate(tmp_path / name, 5 << 30)  # sparse, so it takes no space
        options = [] if name.endswith(".dcm") else ["--image", kit.image]
        assert "too large" in error_message(causalclipseg("seg", "convert", tmp_path / name, *options))
    command = ["seg", "convert", kit.dicom, "--image", tmp_path / "giant.dcm"]
    assert "too large" in error_message(causalclipseg(*command))


def test_rejects_all_bad_files_in_little_time_and_memory(kit, tmp_path):
    folder = tmp_path / "all"
    folder.mkdir()
    tables = {"dcm": DICOM, "nrrd": NRRD, "image": IMAGES}
    for ending, table in tables.items():
        for name, (_, make) in table.items():
            (folder / f"{name}.{ending}").write_bytes(make(kit))
    costs = reading_costs(
        folder,
        "from CausalCLIPSegLib.segmentation.nrrd_reader import read_segments\n"
        "from CausalCLIPSegLib.segmentation.dicom_reader import read_dicom_seg\n"
        "from CausalCLIPSegLib.segmentation.dicom_writer import encode, save\n"
        "from CausalCLIPSegLib.segmentation.source_image import read_source",
        '{"dcm": read_dicom_seg, "nrrd": lambda path: read_segments(path, (48, 40)), "image": read_source}',
    )
    assert len(costs) == sum(map(len, tables.values()))
    assert_cheap(costs)

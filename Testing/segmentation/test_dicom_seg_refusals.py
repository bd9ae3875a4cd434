"""What cannot be shown, converted or corrected is refused: at once, in one sentence, and nothing is written."""

from __future__ import annotations

import bz2
import gzip
import io
import os
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
from CausalCLIPSegLib.segmentation.nrrd import write_segments
from CausalCLIPSegLib.segmentation.source_image import read_source

SHAPE = (48, 40)
LABEL_MAP = "1.2.840.10008.5.1.4.1.1.66.7"

DICOM: dict[str, tuple[str, Callable]] = {}
"""Name of a bad DICOM-SEG: (what the sentence must contain, function that returns its bytes)."""
NRRD: dict[str, tuple[str, Callable]] = {}
"""The same for .seg.nrrd."""
FILMS: dict[str, tuple[str, Callable]] = {}
"""The same for films that good segmentations are said to belong to."""


def bad(kind, word):
    def register(function):
        kind[function.__name__] = (word, function)
        return function

    return register


class Kit:
    """A film, a DICOM-SEG and a .seg.nrrd of it, and what makes bad ones of them."""

    def __init__(self, folder, segment):
        self.film, self.good = folder / "film.dcm", folder / "good.dcm"
        save_dx(make_dx(), self.film)
        header = dcmread(self.film, stop_before_pixels=True)
        made = segment(header)
        save(encode(made, header), self.good)
        segments = made.segments
        self.good_nrrd = folder / "good.seg.nrrd"
        write_segments(segments, SHAPE, np.diag([0.15, 0.2, 1, 1]), self.good_nrrd)
        self.single_nrrd = folder / "single.seg.nrrd"  # one layer, so that its voxels are x, y, z
        write_segments(segments[:1], SHAPE, np.diag([0.15, 0.2, 1, 1]), self.single_nrrd)

    def dataset(self):
        return dcmread(self.good)

    def changed(self, **elements):
        """Return the DICOM-SEG with other elements; None removes one."""
        dataset = self.dataset()
        for keyword, value in elements.items():
            if value is None:
                delattr(dataset, keyword)
            else:
                setattr(dataset, keyword, value)
        return to_bytes(dataset)

    def labelmap(self, labels=None, background=0, **elements):
        """Return a LABELMAP with segments 1, 2 and 3."""
        dataset = self.dataset()
        dataset.SOPClassUID, dataset.SegmentationType = LABEL_MAP, "LABELMAP"
        dataset.BitsAllocated = dataset.BitsStored = 8
        dataset.HighBit, dataset.NumberOfFrames = 7, 1
        dataset.add(DataElement(0x00280120, "US", background))
        labels = np.arange(48 * 40).reshape(SHAPE) % 4 if labels is None else labels
        dataset.PixelData = labels.astype(np.uint8).tobytes()
        for keyword, value in elements.items():
            setattr(dataset, keyword, value)
        return to_bytes(dataset)

    def pixels_at(self):
        return self.good.read_bytes().rindex(b"\xe0\x7f\x10\x00")

    def nrrd(self, old=b"", new=b"", path=None):
        """Return the .seg.nrrd with something else in its header."""
        data = (path or self.good_nrrd).read_bytes()
        assert old in data
        return data.replace(old, new, 1)

    def nrrd_parts(self):
        head, _, packed = self.single_nrrd.read_bytes().partition(b"\n\n")
        return head + b"\n\n", gzip.decompress(packed)


def to_bytes(dataset):
    buffer = io.BytesIO()
    dataset.file_meta.MediaStorageSOPClassUID = dataset.get("SOPClassUID", "1.2.3")
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def data_set_at(data):
    """Return where the data set begins, behind the meta information."""
    return 144 + dcmread(io.BytesIO(data), stop_before_pixels=True).file_meta.FileMetaInformationGroupLength


def zeros(count, wbits):
    """Return so many noughts, packed in no time: after a full flush a stream may go on with what was there before."""
    packer, chunk = zlib.compressobj(9, zlib.DEFLATED, wbits), bytes(10_000_000)
    start = packer.compress(chunk) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(chunk) + packer.flush(zlib.Z_FULL_FLUSH)
    return start + again * (count // len(chunk) - 1)


@pytest.fixture(scope="module")
def kit(segment, tmp_path_factory):
    return Kit(tmp_path_factory.mktemp("good"), segment)


# -- no DICOM-SEG -----------------------------------------------------------------------------------------------------


@bad(DICOM, "empty")
def nothing(kit):
    return b""


@bad(DICOM, "no DICOM file")
def text(kit):
    return b"Consolidation in the right lower zone.\n" * 100


@bad(DICOM, "no DICOM file")
def noise(kit):
    return np.random.default_rng(0).bytes(5000)


@bad(DICOM, "no DICOM file")
def nrrd_called_dicom(kit):
    return kit.good_nrrd.read_bytes()


@bad(DICOM, "another kind")
def preamble_only(kit):
    return bytes(128) + b"DICM"


@bad(DICOM, "no segmentation")
def radiograph(kit):
    return kit.film.read_bytes()


@bad(DICOM, "CT Image")
def ct(kit):
    return kit.changed(SOPClassUID=uid.CTImageStorage)


@bad(DICOM, "RT Structure Set")
def structure_set(kit):
    return kit.changed(SOPClassUID=uid.RTStructureSetStorage, PixelData=None)


@bad(DICOM, "Comprehensive SR")
def report(kit):
    return kit.changed(SOPClassUID=uid.ComprehensiveSRStorage, PixelData=None)


@bad(DICOM, "Surface Segmentation")
def surfaces(kit):
    return kit.changed(SOPClassUID=uid.SurfaceSegmentationStorage, PixelData=None)


@bad(DICOM, "Whole Slide")
def slide(kit):
    return kit.changed(SOPClassUID=uid.VLWholeSlideMicroscopyImageStorage)


@bad(DICOM, "another kind")
def private_object(kit):
    return kit.changed(SOPClassUID="1.3.6.1.4.1.99999.1.2")


@bad(DICOM, "another kind")
def no_class(kit):
    return kit.changed(SOPClassUID=None)


# -- cut off ----------------------------------------------------------------------------------------------------------


def cut(name, where, word):
    def make(kit):
        return kit.good.read_bytes()[: where(kit)]

    make.__name__ = name
    bad(DICOM, word)(make)


cut("cut_in_the_preamble", lambda kit: 100, "no DICOM file")
cut("cut_in_the_meta_information", lambda kit: 200, "")
cut("cut_in_the_header", lambda kit: kit.pixels_at() // 2, "no outlines")
cut("cut_in_the_last_sequence", lambda kit: kit.pixels_at() - 50, "")
cut("cut_before_the_pixels", lambda kit: kit.pixels_at(), "no outlines")
cut("cut_in_the_length_of_the_pixels", lambda kit: kit.pixels_at() + 10, "damaged")
cut("cut_in_the_pixels", lambda kit: kit.pixels_at() + 100, "damaged")
cut("cut_at_the_last_byte", lambda kit: -1, "damaged")


# -- kinds that are not read ------------------------------------------------------------------------------------------


@bad(DICOM, "probabilities")
def fractional(kit):
    return kit.changed(SegmentationType="FRACTIONAL")


@bad(DICOM, "contradicts itself")
def binary_of_labels(kit):
    return kit.changed(SOPClassUID=LABEL_MAP)


@bad(DICOM, "contradicts itself")
def labels_of_bits(kit):
    return kit.changed(SegmentationType="LABELMAP")


@bad(DICOM, "contradicts itself")
def no_type(kit):
    return kit.changed(SegmentationType=None)


def compressed(kit, syntax, frame):
    dataset = kit.dataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.PixelData = encapsulate([frame] * 3)
    dataset["PixelData"].is_undefined_length = True
    return to_bytes(dataset)


@bad(DICOM, "compressed")
def run_lengths(kit):
    return compressed(kit, uid.RLELossless, struct.pack("<16I", 1, 64, *[0] * 14) + b"\x81\0" * 60)


@bad(DICOM, "compressed")
def corrupt_jpeg_2000(kit):
    return compressed(kit, uid.JPEG2000Lossless, b"\xff\x4f\xff\x51" + b"\xff" * 300)


@bad(DICOM, "compressed")
def corrupt_jpeg_ls(kit):
    return compressed(kit, uid.JPEGLSLossless, b"\xff\xd8\xff\xf7" + bytes(300))


@bad(DICOM, "compressed")
def video(kit):
    return compressed(kit, uid.MPEG4HP41, bytes(1000))


@bad(DICOM, "compressed")
def unknown_transfer_syntax(kit):
    return kit.good.read_bytes().replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.9\0", 1)


@bad(DICOM, "compressed")
def deflated(kit):
    dataset = kit.dataset()
    dataset.file_meta.TransferSyntaxUID = uid.DeflatedExplicitVRLittleEndian
    return to_bytes(dataset)


@bad(DICOM, "damaged")
def encapsulated_all_the_same(kit):
    return compressed(kit, uid.RLELossless, bytes(100)).replace(b"1.2.840.10008.1.2.5\0", b"1.2.840.10008.1.2.1\0", 1)


# -- bombs ------------------------------------------------------------------------------------------------------------


@bad(DICOM, "more pixels")
def huge_rows(kit):
    return kit.changed(Rows=65535, Columns=65535)


@bad(DICOM, "more pixels")
def huge_area(kit):
    return kit.changed(Rows=20000, Columns=20000)


@bad(DICOM, "several pictures")
def many_frames(kit):
    return kit.changed(NumberOfFrames=2**31 - 1)


@bad(DICOM, "damaged")
def as_large_as_is_allowed(kit):
    return kit.changed(Rows=8000, Columns=8000)


@bad(DICOM, "more segments")
def many_segments(kit):
    dataset = kit.dataset()
    dataset.SegmentSequence = [dataset.SegmentSequence[0]] * 300
    return to_bytes(dataset)


@bad(DICOM, "more segments")
def many_large_segments(kit):
    dataset = kit.dataset()
    dataset.SegmentSequence = [dataset.SegmentSequence[0]] * 200
    dataset.Rows = dataset.Columns = 5000
    return to_bytes(dataset)


@bad(DICOM, "compressed")
def deflate_bomb(kit):
    data = deflated(kit)
    return data[: data_set_at(data)] + zeros(500_000_000, -15)


def with_element(kit, element):
    """Put an element, already as bytes, at the beginning of the data set."""
    data = kit.good.read_bytes()
    at = data.index(b"\x08\0\x05\0CS")
    return data[:at] + element + data[at:]


@bad(DICOM, "longer than")
def bomb_of_items(kit):
    items = b"\xfe\xff\x00\xe0\0\0\0\0" * 200_000
    return with_element(kit, b"\x08\0\x01\0SQ\0\0" + struct.pack("<I", len(items)) + items)


@bad(DICOM, "")
def bomb_of_elements(kit):
    return with_element(kit, b"".join(struct.pack("<HH", 8, n) + b"LO\0\0" for n in range(5)) * 500_000)


@bad(DICOM, "")
def bomb_of_meta_information(kit):
    data = kit.good.read_bytes()
    return data[:132] + struct.pack("<HH", 2, 3) + b"LO\0\0" * 5_000_000 + data[132:]


@bad(DICOM, "")
def endless_nesting(kit):
    return with_element(kit, b"\x08\0\x01\0SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff" * 9000)


@bad(DICOM, "")
def element_of_four_gigabytes(kit):
    return with_element(kit, b"\x08\0\x01\0OB\0\0\xf0\xff\xff\xff")


@bad(DICOM, "no outlines")
def large_private_element(kit):
    return with_element(kit, b"\x09\0\x10\0OB\0\0" + struct.pack("<I", 100_000_000) + bytes(100_000_000))


@bad(DICOM, "")
def bomb_behind_the_pixels(kit):
    return kit.changed(Rows=47) + struct.pack("<HH", 0xFFFC, 0xFFFC) + b"LO\0\0" * 2_000_000


# -- headers that contradict themselves -------------------------------------------------------------------------------


@bad(DICOM, "do not fit")
def fewer_frames_described(kit):
    dataset = kit.dataset()
    del dataset.PerFrameFunctionalGroupsSequence[2]
    return to_bytes(dataset)


@bad(DICOM, "do not fit")
def fewer_frames_counted(kit):
    return kit.changed(NumberOfFrames=2)


@bad(DICOM, "do not fit")
def no_frames_described(kit):
    return kit.changed(PerFrameFunctionalGroupsSequence=None)


@bad(DICOM, "which segment")
def frame_of_no_segment(kit):
    dataset = kit.dataset()
    del dataset.PerFrameFunctionalGroupsSequence[1].SegmentIdentificationSequence
    return to_bytes(dataset)


@bad(DICOM, "numbered")
def frame_of_an_unknown_segment(kit):
    dataset = kit.dataset()
    dataset.PerFrameFunctionalGroupsSequence[1].SegmentIdentificationSequence[0].ReferencedSegmentNumber = 9
    return to_bytes(dataset)


@bad(DICOM, "several pictures")
def two_frames_of_a_segment(kit):
    dataset = kit.dataset()
    dataset.PerFrameFunctionalGroupsSequence[1].SegmentIdentificationSequence[0].ReferencedSegmentNumber = 1
    return to_bytes(dataset)


@bad(DICOM, "numbered")
def two_segments_of_a_number(kit):
    dataset = kit.dataset()
    dataset.SegmentSequence[1].SegmentNumber = 1
    return to_bytes(dataset)


@bad(DICOM, "numbered")
def segment_without_a_number(kit):
    dataset = kit.dataset()
    del dataset.SegmentSequence[1].SegmentNumber
    return to_bytes(dataset)


@bad(DICOM, "several pictures")
def segment_missing(kit):
    dataset = kit.dataset()
    del dataset.SegmentSequence[1]
    return to_bytes(dataset)


@bad(DICOM, "no segment")
def no_segments(kit):
    return kit.changed(SegmentSequence=None)


@bad(DICOM, "no segment")
def empty_sequence_of_segments(kit):
    return kit.changed(SegmentSequence=[])


@bad(DICOM, "what its segments are")
def segment_without_codes(kit):
    dataset = kit.dataset()
    del dataset.SegmentSequence[1].SegmentedPropertyTypeCodeSequence
    return to_bytes(dataset)


@bad(DICOM, "contradicts itself")
def bytes_for_bits(kit):
    return kit.changed(BitsAllocated=8)


@bad(DICOM, "contradicts itself")
def coloured(kit):
    return kit.changed(SamplesPerPixel=3)


@bad(DICOM, "contradicts itself")
def signed(kit):
    return kit.changed(PixelRepresentation=1)


@bad(DICOM, "holds no outlines")
def no_rows(kit):
    return kit.changed(Rows=0)


@bad(DICOM, "holds no outlines")
def columns_missing(kit):
    return kit.changed(Columns=None)


@bad(DICOM, "do not fit")
def another_row(kit):
    return kit.changed(Rows=49)


@bad(DICOM, "do not fit")
def another_column(kit):
    return kit.changed(Columns=39)


@bad(DICOM, "do not fit")
def too_many_pixels(kit):
    return kit.changed(PixelData=kit.dataset().PixelData + b"\0\0")


@bad(DICOM, "no outlines")
def no_pixels(kit):
    return kit.changed(PixelData=None)


@bad(DICOM, "no outlines")
def floating_point_pixels(kit):
    return kit.changed(PixelData=None, FloatPixelData=bytes(4 * 48 * 40))


@bad(DICOM, "describe")
def label_without_a_segment(kit):
    return kit.labelmap(np.full(SHAPE, 7))


@bad(DICOM, "several pictures")
def label_maps_of_several_pictures(kit):
    return kit.labelmap(NumberOfFrames=3)


@bad(DICOM, "describe")
def label_that_counts_as_background(kit):
    return kit.labelmap(background=2)


@bad(DICOM, "several pictures")
def two_films(kit):
    dataset = kit.dataset()
    (series,) = dataset.ReferencedSeriesSequence
    other = Dataset()
    other.ReferencedSOPClassUID, other.ReferencedSOPInstanceUID = uid.DigitalXRayImageStorageForPresentation, "2.25.7"
    series.ReferencedInstanceSequence.append(other)
    return to_bytes(dataset)


@bad(DICOM, "identifies")
def film_without_an_identifier(kit):
    dataset = kit.dataset()
    del dataset.ReferencedSeriesSequence[0].ReferencedInstanceSequence[0].ReferencedSOPInstanceUID
    return to_bytes(dataset)


@bad(DICOM, "identifies")
def no_study(kit):
    return kit.changed(StudyInstanceUID=None)


@bad(DICOM, "identifies")
def no_identifier(kit):
    data = kit.good.read_bytes()
    own = str(kit.dataset().SOPInstanceUID).encode()
    return data.replace(own, b"x" * len(own))


def replaced(kit, keyword, vr, value):
    """Return the DICOM-SEG with an element of another type."""
    dataset = kit.dataset()
    tag = dataset[keyword].tag
    del dataset[keyword]
    dataset.add(DataElement(tag, vr, value))
    return to_bytes(dataset)


@bad(DICOM, "no segment")
def text_for_the_segments(kit):
    return replaced(kit, "SegmentSequence", "LO", "three segments")


@bad(DICOM, "do not fit")
def number_for_the_frames(kit):
    return replaced(kit, "PerFrameFunctionalGroupsSequence", "FD", 3.0)


@bad(DICOM, "holds no outlines")
def words_for_a_number(kit):
    return replaced(kit, "Rows", "LO", "forty-eight")


@bad(DICOM, "holds no outlines")
def several_values(kit):
    return replaced(kit, "Columns", "US", [40, 40])


@bad(DICOM, "holds no outlines")
def no_whole_number(kit):
    return replaced(kit, "NumberOfFrames", "LO", "abc")


@bad(DICOM, "")
def sequence_that_ends_in_the_pixels(kit):
    data = kit.good.read_bytes()
    at = data.index(b"\x62\0\x02\0SQ") + 8
    return data[:at] + struct.pack("<I", len(data)) + data[at + 4 :]


# -- .seg.nrrd --------------------------------------------------------------------------------------------------------


@bad(NRRD, "empty")
def nrrd_nothing(kit):
    return b""


@bad(NRRD, "no .seg.nrrd")
def nrrd_text(kit):
    return b"not a segmentation\n\n"


@bad(NRRD, "no .seg.nrrd")
def nrrd_that_is_dicom(kit):
    return kit.good.read_bytes()


@bad(NRRD, "damaged")
def nrrd_magic_alone(kit):
    return b"NRRD0004\n"


@bad(NRRD, "damaged")
def nrrd_without_fields(kit):
    return b"NRRD0004\n\n"


@bad(NRRD, "damaged")
def nrrd_of_the_future(kit):
    return kit.nrrd(b"NRRD0005" if b"NRRD0005" in kit.nrrd() else b"NRRD0004", b"NRRD0099")


@bad(NRRD, "damaged")
def nrrd_cut_in_the_header(kit):
    return kit.nrrd()[:300]


@bad(NRRD, "damaged")
def nrrd_header_bomb(kit):
    head, data = kit.nrrd_parts()
    return head[:-1] + b"".join(b"a%d:=b\n" % n for n in range(2_000_000)) + b"\n" + data


@bad(NRRD, "damaged")
def nrrd_cut_in_the_values(kit):
    return kit.nrrd()[:-20]


@bad(NRRD, "damaged")
def nrrd_flipped_bits(kit):
    data = bytearray(kit.nrrd())
    data[-12] ^= 0xFF
    return bytes(data)


@bad(NRRD, "damaged")
def nrrd_of_fewer_values(kit):
    head, data = kit.nrrd_parts()
    return head + gzip.compress(data[:-1])


@bad(NRRD, "damaged")
def nrrd_of_more_values(kit):
    head, data = kit.nrrd_parts()
    return head + gzip.compress(data + b"\0")


@bad(NRRD, "damaged")
def nrrd_bomb(kit):
    head, _ = kit.nrrd_parts()
    return head + zeros(500_000_000, 31)


@bad(NRRD, "more pixels")
def nrrd_of_huge_sizes(kit):
    return kit.nrrd(b"sizes: 40 48 1", b"sizes: 2000000000 2000000000 1", kit.single_nrrd)


@bad(NRRD, "more pixels")
def nrrd_of_a_huge_area(kit):
    return kit.nrrd(b"sizes: 40 48 1", b"sizes: 20000 20000 1", kit.single_nrrd)


@bad(NRRD, "more pixels")
def nrrd_of_many_layers(kit):
    return kit.nrrd(b"sizes: 2 40 48 1", b"sizes: 2000000 40 48 1")


@bad(NRRD, "another grid")
def nrrd_of_another_size(kit):
    return kit.nrrd(b"sizes: 40 48 1", b"sizes: 48 40 1", kit.single_nrrd)


@bad(NRRD, "one picture")
def nrrd_of_a_volume(kit):
    return kit.nrrd(b"sizes: 40 48 1", b"sizes: 40 24 2", kit.single_nrrd)


@bad(NRRD, "one picture")
def nrrd_of_no_rows(kit):
    return kit.nrrd(b"sizes: 40 48 1", b"sizes: 40 0 1", kit.single_nrrd)


@bad(NRRD, "one picture")
def nrrd_of_two_dimensions(kit):
    head, data = kit.nrrd_parts()
    head = head.replace(b"dimension: 3", b"dimension: 2").replace(b"sizes: 40 48 1", b"sizes: 40 48")
    return head + gzip.compress(data)


@bad(NRRD, "one picture")
def nrrd_whose_dimension_contradicts(kit):
    return kit.nrrd(b"dimension: 3", b"dimension: 4", kit.single_nrrd)


@bad(NRRD, "damaged")
def nrrd_without_sizes(kit):
    return kit.nrrd(b"sizes: 40 48 1\n", b"", kit.single_nrrd)


@bad(NRRD, "damaged")
def nrrd_of_fractions(kit):
    head, data = kit.nrrd_parts()
    kind = next(line for line in head.splitlines() if line.startswith(b"type:"))
    return head.replace(kind, b"type: float\nendian: little") + gzip.compress(np.frombuffer(data, "u1").astype("<f4"))


@bad(NRRD, "damaged")
def nrrd_of_no_type(kit):
    return kit.nrrd(b"type: ", b"tipo: ")


@bad(NRRD, "in a way")
def nrrd_packed_otherwise(kit):
    head, data = kit.nrrd_parts()
    return head.replace(b"encoding: gzip", b"encoding: bzip2") + bz2.compress(data)


@bad(NRRD, "in a way")
def nrrd_in_digits(kit):
    head, data = kit.nrrd_parts()
    return head.replace(b"encoding: gzip", b"encoding: ascii") + " ".join(map(str, data)).encode()


@bad(NRRD, "in a way")
def nrrd_that_skips(kit):
    head, data = kit.nrrd_parts()
    head = head.replace(b"encoding: gzip", b"encoding: raw\nbyte skip: -1")
    return head + data


@bad(NRRD, "another file")
def nrrd_of_a_detached_file(kit):
    head, _ = kit.nrrd_parts()
    return head.replace(b"encoding: gzip", b"encoding: raw\ndata file: values.raw")


@bad(NRRD, "damaged")
def nrrd_of_a_list_of_files(kit):
    head, _ = kit.nrrd_parts()
    return head.replace(b"encoding: gzip", b"encoding: raw\ndata file: LIST\n/etc/passwd")


@bad(NRRD, "no segments")
def nrrd_picture(kit):
    head, data = kit.nrrd_parts()
    lines = [line for line in head.splitlines() if not line.startswith(b"Segment0")]
    return b"\n".join(lines) + b"\n\n" + gzip.compress(data)


@bad(NRRD, "which values")
def nrrd_without_label(kit):
    return kit.nrrd(b"Segment0_LabelValue", b"Segment0_LabelValues")


@bad(NRRD, "which values")
def nrrd_without_layer(kit):
    return kit.nrrd(b"Segment1_Layer", b"Segment1_Layers")


@bad(NRRD, "which values")
def nrrd_of_a_layer_beyond(kit):
    return kit.nrrd(b"Segment0_Layer:=0", b"Segment0_Layer:=9")


@bad(NRRD, "which values")
def nrrd_of_a_label_twice(kit):
    data = kit.nrrd(b"Segment1_Layer:=1", b"Segment1_Layer:=0")
    return data.replace(b"Segment1_LabelValue:=2", b"Segment1_LabelValue:=1", 1)


@bad(NRRD, "which values")
def nrrd_of_the_background(kit):
    return kit.nrrd(b"Segment0_LabelValue:=1", b"Segment0_LabelValue:=0")


@bad(NRRD, "does not describe")
def nrrd_of_another_label(kit):
    return kit.nrrd(b"Segment0_LabelValue:=1", b"Segment0_LabelValue:=3")


@bad(NRRD, "damaged")
def nrrd_of_no_number(kit):
    return kit.nrrd(b"Segment0_LabelValue:=1", b"Segment0_LabelValue:=one")


@bad(NRRD, "more segments")
def nrrd_of_many_segments(kit):
    head, data = kit.nrrd_parts()
    more = b"".join(b"Segment%d_ID:=s%d\n" % (n, n) for n in range(1, 400))
    return head[:-1] + more + b"\n" + gzip.compress(data)


@bad(NRRD, "40 x 48")
def nrrd_of_another_film(kit):
    return kit.nrrd(b"0;39;0;47;0;0;", b"0;49;0;47;0;0;")


@bad(NRRD, "40 x 48")
def nrrd_of_a_film_that_starts_elsewhere(kit):
    return kit.nrrd(b"0;39;0;47;0;0;", b"5;44;0;47;0;0;")


def with_line(kit, name, words):
    """Return the file with other words on the line of its header that begins with a name."""
    head, data = kit.nrrd_parts()
    old = next(line for line in head.splitlines() if line.startswith(name))
    return head.replace(old, name + words) + gzip.compress(data)


def shifted(kit, words):
    return with_line(kit, b"Segmentation_ReferenceImageExtentOffset", b":=" + words)


@bad(NRRD, "another grid")
def nrrd_beyond_the_film(kit):
    return shifted(kit, b"3 0 0")


@bad(NRRD, "another grid")
def nrrd_before_the_film(kit):
    return shifted(kit, b"-1 0 0")


@bad(NRRD, "damaged")
def nrrd_of_a_broken_place(kit):
    return shifted(kit, b"0.5 0 0")


def turned(kit, directions):
    return with_line(kit, b"space directions", b": " + directions)


@bad(NRRD, "another grid")
def nrrd_that_is_mirrored(kit):
    return turned(kit, b"(-0.15,0,0) (0,0.2,0) (0,0,1)")


@bad(NRRD, "another grid")
def nrrd_that_is_finer(kit):
    return turned(kit, b"(0.075,0,0) (0,0.1,0) (0,0,1)")


@bad(NRRD, "another grid")
def nrrd_of_no_place(kit):
    return turned(kit, b"(nan,0,0) (0,0.2,0) (0,0,1)")


@bad(NRRD, "damaged")
def nrrd_of_an_odd_space(kit):
    return kit.nrrd(b"left-posterior-superior", b"scanner-xyz")


@bad(NRRD, "damaged")
def nrrd_of_odd_tags(kit):
    return kit.nrrd(b"TerminologyEntry:", b"TerminologyEntry:~|x")


# -- films ------------------------------------------------------------------------------------------------------------


def film(**elements):
    buffer = io.BytesIO()
    dataset = make_dx(**elements)
    dataset.file_meta.MediaStorageSOPClassUID = dataset.get("SOPClassUID", "1.2.3")
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.get("SOPInstanceUID", "1.2.3")
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def spiked(element):
    """Return a film with an element, already as bytes, at the beginning of its data set."""
    data = film()
    at = data.index(b"\x08\0\x05\0CS")
    return data[:at] + element + data[at:]


@bad(FILMS, "empty")
def film_nothing(kit):
    return b""


@bad(FILMS, "")
def film_text(kit):
    return b"not a film at all"


@bad(FILMS, "")
def film_picture(kit):
    return b"\x89PNG\r\n\x1a\n" + bytes(1000)


@bad(FILMS, "which kind")
def film_segmentation(kit):
    return kit.good.read_bytes()


@bad(FILMS, "which kind")
def film_ct(kit):
    return film(SOPClassUID=uid.CTImageStorage)


@bad(FILMS, "another film")
def film_of_somebody_else(kit):
    return film(SOPInstanceUID="2.25.77")


@bad(FILMS, "SOPInstanceUID")
def film_without_identifier(kit):
    return film(SOPInstanceUID=None)


@bad(FILMS, "StudyInstanceUID")
def film_without_study(kit):
    return film(StudyInstanceUID=None)


@bad(FILMS, "pixels")
def film_of_another_size(kit):
    return film(shape=(40, 48))


@bad(FILMS, "how large")
def film_without_rows(kit):
    return film(Rows=None)


@bad(FILMS, "how large")
def film_of_huge_size(kit):
    return film(Rows=65535, Columns=65535)


@bad(FILMS, "more parts")
def film_of_many_elements(kit):
    return spiked(b"".join(struct.pack("<HH", 9, n) + b"LO\0\0" for n in range(5000)) * 1000)


@bad(FILMS, "more parts")
def film_of_many_items(kit):
    return spiked(b"\x08\0\x01\0SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\0\0\0\0" * 5_000_000)


@bad(FILMS, "too small")
def film_of_a_few_pixels(kit):
    return film(shape=(5, 1))


@bad(FILMS, "")
def film_cut_in_the_header(kit):
    return film()[:500]


@bad(FILMS, "unpacks to more")
def film_deflate_bomb(kit):
    dataset = make_dx(syntax=uid.DeflatedExplicitVRLittleEndian)
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    data = buffer.getvalue()
    return data[: data_set_at(data)] + zeros(500_000_000, -15)


# -- the tests --------------------------------------------------------------------------------------------------------


def refused(done):
    """Return the sentence of a refused command, having looked at its form."""
    assert done.status == 2, done.err
    assert done.out == ""
    sentence = done.err.strip()
    assert "\n" not in sentence
    assert sentence.endswith(".")
    assert 15 < len(sentence.replace(str(done.folder), "")) < 250
    for word in ("Error", "Traceback", "Exception", "pydicom", "None", "Doe"):
        assert word not in sentence
    return sentence


def test_there_are_many():
    assert len(DICOM) >= 60
    assert len(NRRD) >= 40
    assert not set(DICOM) & set(NRRD)


def test_the_good_ones_are_read(kit, causalclipseg, tmp_path):
    assert causalclipseg("seg", "show", kit.good).status == 0
    (tmp_path / "labels.dcm").write_bytes(kit.labelmap())
    assert causalclipseg("seg", "show", tmp_path / "labels.dcm").status == 0
    for nrrd in (kit.good_nrrd, kit.single_nrrd):
        assert (
            causalclipseg("seg", "convert", nrrd, "--image", kit.film, "--output", nrrd.with_suffix(".dcm")).status
            == 0
        )


def check(causalclipseg, tmp_path, word, commands):
    """Run commands that end in --output: each is refused, and even what they may replace stays as it was."""
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "earlier").write_text("an earlier result")
    for command in commands:
        assert word in refused(causalclipseg(*command, "--output", kept / "earlier", "--force"))
    assert [path.name for path in kept.iterdir()] == ["earlier"]
    assert (kept / "earlier").read_text() == "an earlier result"


@pytest.mark.parametrize("name", DICOM)
def test_a_bad_dicom_seg(kit, causalclipseg, tmp_path, name):
    word, make = DICOM[name]
    path = tmp_path / "bad.dcm"
    path.write_bytes(make(kit))
    assert word in refused(causalclipseg("seg", "show", path))
    revise = ["seg", "revise", path, kit.good_nrrd, "--image", kit.film, "--editor", "Roe^Richard"]
    check(causalclipseg, tmp_path, word, [["seg", "convert", path], revise])


@pytest.mark.parametrize("name", NRRD)
def test_a_bad_nrrd(kit, causalclipseg, tmp_path, name):
    word, make = NRRD[name]
    path = tmp_path / "bad.seg.nrrd"
    path.write_bytes(make(kit))
    revise = ["seg", "revise", kit.good, path, "--image", kit.film, "--editor", "Roe^Richard"]
    check(causalclipseg, tmp_path, word, [["seg", "convert", path, "--image", kit.film], revise])


@pytest.mark.parametrize("name", FILMS)
def test_a_bad_film(kit, causalclipseg, tmp_path, name):
    word, make = FILMS[name]
    path = tmp_path / "bad.dcm"
    path.write_bytes(make(kit))
    revise = ["seg", "revise", kit.good, kit.single_nrrd, "--image", path, "--editor", "Roe^Richard"]
    commands = [["seg", "convert", kit.good, "--image", path], revise]
    if name != "film_of_somebody_else":  # a .seg.nrrd does not say which film it belongs to
        commands.append(["seg", "convert", kit.good_nrrd, "--image", path])
    check(causalclipseg, tmp_path, word, commands)


def test_a_segmentation_that_names_no_film(kit, causalclipseg, tmp_path):
    dataset = kit.dataset()
    del dataset.ReferencedSeriesSequence
    dataset.pop("SourceImageSequence", None)
    for item in (*dataset.SharedFunctionalGroupsSequence, *dataset.PerFrameFunctionalGroupsSequence):
        item.pop("DerivationImageSequence", None)
    path = tmp_path / "orphan.dcm"
    dataset.save_as(path)
    assert "not said" in causalclipseg("seg", "show", path).out
    revise = ["seg", "revise", path, kit.single_nrrd, "--image", kit.film, "--editor", "Roe^Richard"]
    check(causalclipseg, tmp_path, "which film", [["seg", "convert", path, "--image", kit.film], revise])


def test_folders_and_what_is_not_there(kit, causalclipseg, tmp_path):
    editor = ["--editor", "Roe^Richard"]
    for path, word in ((tmp_path, "folder"), (tmp_path / "none.dcm", "no file"), ("x" * 5000, "")):
        assert word in refused(causalclipseg("seg", "show", path))
        assert word in refused(causalclipseg("seg", "convert", kit.good, "--image", path))
        assert word in refused(
            causalclipseg("seg", "revise", path, kit.good_nrrd, "--image", kit.film, "--editor", "R")
        )
        assert word in refused(causalclipseg("seg", "revise", kit.good, path, "--image", kit.film, *editor))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_a_pipe_is_not_waited_for(causalclipseg, tmp_path):
    os.mkfifo(tmp_path / "pipe.dcm")
    assert "no file" in refused(causalclipseg("seg", "show", tmp_path / "pipe.dcm"))


def test_no_permission(kit, causalclipseg, monkeypatch):
    def locked(self, *given, **named):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", locked)
    assert "permission" in refused(causalclipseg("seg", "show", kit.good))


def test_sequences_without_end_are_left_out(tmp_path):
    items = b"\xfe\xff\x00\xe0\0\0\0\0" * 1_000_000
    folder = tmp_path / "film"
    folder.mkdir()
    path = folder / "film.dcm"
    path.write_bytes(spiked(b"\x08\0\x01\0SQ\0\0" + struct.pack("<I", len(items)) + items))
    assert read_source(path)[1] == SHAPE
    assert_cheap(
        reading_costs(
            folder, "from CausalCLIPSegLib.segmentation.source_image import read_source", '{"dcm": read_source}'
        )
    )


def test_a_giant_file(kit, causalclipseg, tmp_path):
    for name in ("giant.dcm", "giant.seg.nrrd"):
        (tmp_path / name).touch()
        os.truncate(tmp_path / name, 5 << 30)  # sparse: takes no room
        arguments = [] if name.endswith(".dcm") else ["--image", kit.film]
        assert "too large" in refused(causalclipseg("seg", "convert", tmp_path / name, *arguments))
    assert "too large" in refused(causalclipseg("seg", "convert", kit.good, "--image", tmp_path / "giant.dcm"))


def test_all_are_refused_in_little_time_and_memory(kit, tmp_path):
    folder = tmp_path / "all"
    folder.mkdir()
    kinds = {"dcm": DICOM, "nrrd": NRRD, "film": FILMS}
    for ending, kind in kinds.items():
        for name, (_, make) in kind.items():
            (folder / f"{name}.{ending}").write_bytes(make(kit))
    costs = reading_costs(
        folder,
        "from CausalCLIPSegLib.segmentation.nrrd import read_segments\n"
        "from CausalCLIPSegLib.segmentation.dicom_reader import read_dicom_seg\n"
        "from CausalCLIPSegLib.segmentation.dicom_writer import encode, save\n"
        "from CausalCLIPSegLib.segmentation.source_image import read_source",
        '{"dcm": read_dicom_seg, "nrrd": lambda path: read_segments(path, (48, 40)), "film": read_source}',
    )
    assert len(costs) == len(DICOM) + len(NRRD) + len(FILMS)
    assert_cheap(costs)

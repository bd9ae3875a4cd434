"""DICOM-SEG files that must be rejected: edits of the good file of a `Kit`."""

from __future__ import annotations

import struct

import numpy as np
from pydicom import DataElement, Dataset, uid
from pydicom.encaps import encapsulate
from segmentation_kit import SHAPE, Make, Table, dataset_start, insert, to_bytes, zeros

LABEL_MAP_STORAGE = "1.2.840.10008.5.1.4.1.1.66.7"


def edited(edit) -> Make:
    """Change the data set with a function."""

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
        dataset.SOPClassUID, dataset.SegmentationType = LABEL_MAP_STORAGE, "LABELMAP"
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
    "binary_in_a_labelmap_class": ("contradicts itself", changed(SOPClassUID=LABEL_MAP_STORAGE)),
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

"""Images that must be rejected as the radiograph of a segmentation."""

from __future__ import annotations

import struct

from dx_images import make_dx
from pydicom import uid
from segmentation_kit import Make, Table, dataset_start, insert, to_bytes, zeros


def image(**elements) -> Make:
    return lambda kit: to_bytes(make_dx(**elements))


def image_with_element(element) -> Make:
    return lambda kit: insert(to_bytes(make_dx()), element())


def image_deflate_bomb(kit):
    data = to_bytes(make_dx(syntax=uid.DeflatedExplicitVRLittleEndian))
    return data[: dataset_start(data)] + zeros(500_000_000, -15)


IMAGES: Table = {
    "empty_file": ("empty", lambda kit: b""),
    "text": ("is not a DICOM image", lambda kit: b"not a radiograph at all"),
    "png": ("is not a DICOM image", lambda kit: b"\x89PNG\r\n\x1a\n" + bytes(1000)),
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

"""A radiograph with good segmentations of it, and the helpers with which the tests make bad files from them."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable

import numpy as np
from dx_images import make_dx, save_dx
from pydicom import dcmread

from CausalCLIPSegLib.segmentation.dicom_writer import encode, save
from CausalCLIPSegLib.segmentation.nrrd_writer import write_segments

SHAPE = (48, 40)
"""Rows and columns of the radiograph."""


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
"""Makes the bytes of a bad file."""

Table = dict[str, tuple[str, Make]]
"""Bad files by name, each with what the error message must contain."""


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
    """Return `count` zeros, compressed; fast, because after a full flush the compressed bytes can be repeated."""
    packer, chunk = zlib.compressobj(9, zlib.DEFLATED, wbits), bytes(10_000_000)
    start = packer.compress(chunk) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(chunk) + packer.flush(zlib.Z_FULL_FLUSH)
    return start + again * (count // len(chunk) - 1)


def insert(data, element):
    """Insert an encoded element at the beginning of a data set."""
    position = data.index(b"\x08\0\x05\0CS")
    return data[:position] + element + data[position:]

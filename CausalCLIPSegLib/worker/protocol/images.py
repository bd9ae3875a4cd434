"""The image of a request: a file, or an array of pixels from another program."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from CausalCLIPSegLib.worker.protocol.values import AbsolutePath, Message, Millimeters

_Row = tuple[float, float, float, float]


class FileImage(Message):
    """A radiograph in a file of any format that `read_radiograph` reads."""

    kind: Literal["file"]
    path: AbsolutePath


class ArrayImage(Message):
    """A radiograph that is not in a file, for instance a volume that was cropped, or whose file no longer exists.

    Attributes:
        path: .npy, rows x columns of any real type, optionally with a leading axis of length 1 (the slice), or with a
            last axis of 3 or 4 (red, green, blue and opacity, uint8). Row 0 is the upper edge of the image, column 0
            the left one.
        spacing: distance between pixel centers (row mm, column mm), from which areas in mm² are computed; null if
            unknown, even if the other program then assumes 1 x 1 mm.
        affine: 4 x 4, voxel (column, row, slice, 1) to mm in DICOM's patient axes (LPS): Slicer's IJK-to-RAS matrix
            with its first two rows negated.
        window: the values that are shown black and white; null: uint8 values are divided by 255, others are scaled
            between the 0.5th and 99.5th percentiles.
        inverted: whether small values are dense. False for MONOCHROME1 that GDCM, which Slicer uses, has read.
        header: the DICOM file that these pixels come from. If the pixels are unchanged, the radiograph is read from
            the file, with its window, so the result is the same as for the file itself. If they were changed, the
            file only states which instance it is and whether the radiograph is mirrored. A cropped radiograph cannot
            be exported as DICOM-SEG.
        name: name of the radiograph in an exported picture; must not identify the patient.
    """

    kind: Literal["array"]
    path: AbsolutePath
    spacing: tuple[Millimeters, Millimeters] | None = None
    affine: tuple[_Row, _Row, _Row, _Row]
    window: tuple[float, float] | None = None
    inverted: bool = False
    header: AbsolutePath | None = None
    name: str = "film"


Image = Annotated[FileImage | ArrayImage, Field(discriminator="kind")]

"""The `Radiograph` value, and the checks that every source of pixels shares."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.errors import MirroredQuestionError, RadiographError
from CausalCLIPSegLib.radiograph.grayscale import NO_CONTRAST
from CausalCLIPSegLib.radiograph.orientation import AS_STORED, Turn

if TYPE_CHECKING:
    from pydicom import Dataset

# Fewer gray levels suggest a mask, a drawing or a thumbnail.
_MIN_GRAY_LEVELS = 16


@dataclass(frozen=True, eq=False)
class Radiograph:
    """One frontal chest radiograph in grayscale, with the facts that its file states about it.

    `read_radiograph` and `radiograph_from_array` make radiographs. A radiograph does not change: `oriented` returns a
    new one.

    Attributes:
        pixels: float32, rows x columns, C-contiguous, in [0, 1]. Dense tissue such as bone is white (1). Row 0 is the
            upper edge of the image.
        spacing: distance between pixel centers as (row mm, column mm), or None if the file states none. It is never
            guessed. For DICOM it may be the spacing in the detector plane (see `dicom_geometry.spacing`).
        affine: float64, 4 x 4: voxel index (column, row, slice, 1) to millimeters in the DICOM patient coordinate
            system (LPS), exactly where ITK and 3D Slicer place the same file. Use it to overlay a segmentation on the
            radiograph, not to measure: ITK assumes 1 mm if it finds no spacing, even if `spacing` has another value.
        name: name of the file, without its folder.
        header: DICOM header without pixel data, all values converted; None for other file formats.
        mirrored: whether the image shows the patient's right on the viewer's right. True if Patient Orientation begins
            with R, False if it begins with L, None if the file does not state it.
        warnings: what the user should know before relying on the image or sharing it, one sentence each; for example,
            that a name may be burned into the pixels.
        turn: how the image that ITK and 3D Slicer load became upright. They load the stored image; in it, the pixel
            values lie as in `turn.stored(pixels)`.
    """

    pixels: npt.NDArray[np.float32]
    spacing: tuple[float, float] | None
    affine: npt.NDArray[np.float64]
    name: str
    header: Dataset | None = None
    mirrored: bool | None = None
    warnings: tuple[str, ...] = ()
    turn: Turn = AS_STORED

    def oriented(self, mirrored: bool | None) -> Radiograph:
        """Return the radiograph with the user's answer to whether the image is mirrored.

        Args:
            mirrored: True if the image shows the patient's right on the viewer's right; None if the user was not
                asked.

        Raises:
            MirroredQuestionError: the header states that the image is mirrored, and `mirrored` is None.
        """
        if mirrored is None and self.mirrored:
            raise MirroredQuestionError(
                "The header of this radiograph says that it is mirrored, with the patient's right on the right of the "
                "image."
            )
        return self if mirrored is None else replace(self, mirrored=mirrored)


def checked_radiograph(name: str, pixels: npt.NDArray[np.float32], **fields: Any) -> Radiograph:
    """Return a `Radiograph` after the checks that all sources of pixels share.

    Args:
        name: see `Radiograph`.
        pixels: see `Radiograph`.
        fields: the other fields of `Radiograph`.

    Raises:
        RadiographError: all pixels are equally bright.
    """
    if pixels.min() == pixels.max():
        raise RadiographError(NO_CONTRAST)
    sample = pixels.ravel()[:: max(1, pixels.size // 2**16)]
    if np.unique(sample).size < _MIN_GRAY_LEVELS:
        fields["warnings"] = (
            *fields.get("warnings", ()),
            "The image has only a few levels of gray, like a mask or a drawing; check that it is the radiograph.",
        )
    return Radiograph(pixels=np.ascontiguousarray(pixels, dtype=np.float32), name=name, **fields)

"""The `Radiograph` value, and the checks that every source of pixels shares."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.errors import MirroredQuestionError, RadiographError
from CausalCLIPSegLib.radiograph.grayscale import NO_CONTRAST

if TYPE_CHECKING:
    from pydicom import Dataset

# Fewer levels than that are a mask, a drawing or a thumbnail, no film.
_MIN_GREY_LEVELS = 16


@dataclass(frozen=True, eq=False)
class Radiograph:
    """One frontal chest radiograph as a grey scale, with what its file says of it.

    Attributes:
        pixels: float32 in [0, 1], rows x columns, contiguous; white (1) is dense. Row 0 is the upper edge.
        spacing: distance of pixel centres (row mm, column mm) where the file states it, else None; never invented.
            For DICOM it is that of the detector plane at worst (see `dicom_geometry.spacing`).
        affine: float64, 4 x 4: voxel (column, row, slice, 1) to millimetres in DICOM's patient axes (LPS), as ITK, and
            with it Slicer, places the same file. This geometry is nominal for a radiograph: its spacing is 1 mm where
            ITK finds none, which need not be `spacing`. It serves to lay a segmentation over the film.
        name: name of the file without its directory.
        header: the DICOM header without pixel data, all values converted; None for other formats.
        mirrored: True where the header says that columns run towards the patient's right (PatientOrientation begins
            with R), False where towards the left, None where nothing is said.
        warnings: sentences for the user, for instance on names that may be burned in.
    """

    pixels: npt.NDArray[np.float32]
    spacing: tuple[float, float] | None
    affine: npt.NDArray[np.float64]
    name: str
    header: Dataset | None = None
    mirrored: bool | None = None
    warnings: tuple[str, ...] = ()

    def oriented(self, mirrored: bool | None) -> Radiograph:
        """Return the radiograph with a person's answer to the question whether it is mirrored.

        Args:
            mirrored: whether the image shows the patient's right on the viewer's right; None if no one was asked.

        Raises:
            MirroredQuestionError: the header says that the image is mirrored, and `mirrored` is None.
        """
        if mirrored is None and self.mirrored:
            raise MirroredQuestionError(
                "The header of this radiograph says that it is mirrored, with the patient's right on the right of the "
                "picture."
            )
        return self if mirrored is None else replace(self, mirrored=mirrored)


def checked_radiograph(name: str, pixels: npt.NDArray[np.float32], **said: Any) -> Radiograph:
    """Put a radiograph together, after the checks that all sources of pixels share.

    Args:
        name, pixels, said: the fields of `Radiograph`.

    Raises:
        RadiographError: all pixels are equally bright.
    """
    if pixels.min() == pixels.max():
        raise RadiographError(NO_CONTRAST)
    sample = pixels.ravel()[:: max(1, pixels.size // 2**16)]
    if np.unique(sample).size < _MIN_GREY_LEVELS:
        said["warnings"] = (
            *said.get("warnings", ()),
            "The picture has only a few levels of grey, like a mask or a drawing; check that it is the film.",
        )
    return Radiograph(pixels=np.ascontiguousarray(pixels, dtype=np.float32), name=name, **said)

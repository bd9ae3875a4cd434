"""Turn a stored image upright: head up, and the patient's right on the viewer's left."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.errors import RadiographError

_Scalar = TypeVar("_Scalar", bound=np.generic)

UNKNOWN = (
    "The file does not say which side of the image is the patient's right; check that the image is upright and not "
    "mirrored."
)
UPSIDE_DOWN = (
    "The file does not say which edge of the image is the head; it was turned upside down, because it looks that way; "
    "check this, and that it is not mirrored."
)
OBLIQUE = "The file says that the image lies at an angle; check that it is upright and not mirrored."
LOOKS_UPSIDE_DOWN = "The image looks upside down, although the file says that it is upright; check this."

_LATERAL = "The file says that this is a lateral view; the program works on frontal chest radiographs."
_LEFT_RIGHT, _HEAD_FOOT = 0, 2
# Angle to the axes of the body from which the direction is doubted.
_MAX_ANGLE = 5
# In 1,787 radiographs of QaTa-COV19 the lower half of the middle is brighter than the upper half by 1.1 standard
# deviations; it is darker by more than this in 0.5 % of them.
_MIN_UPSIDE_DOWN = 0.3


@dataclass(frozen=True)
class Turn:
    """How a stored image becomes upright: rows and columns are exchanged first, then reversed.

    Attributes:
        transposed: stored rows become columns.
        rows_reversed, columns_reversed: their order after the exchange.
    """

    transposed: bool = False
    rows_reversed: bool = False
    columns_reversed: bool = False

    def upright(self, stored: npt.NDArray[_Scalar]) -> npt.NDArray[_Scalar]:
        """Return a view of a stored array (rows x columns, or with further axes) that is upright."""
        turned = stored.swapaxes(0, 1) if self.transposed else stored
        return self._reverse(turned)

    def stored(self, upright: npt.NDArray[_Scalar]) -> npt.NDArray[_Scalar]:
        """Return a view of an upright array as it would be stored; the inverse of `upright`."""
        turned = self._reverse(upright)
        return turned.swapaxes(0, 1) if self.transposed else turned

    def _reverse(self, values: npt.NDArray[_Scalar]) -> npt.NDArray[_Scalar]:
        return values[:: -1 if self.rows_reversed else 1, :: -1 if self.columns_reversed else 1]

    def to_stored(self, shape: tuple[int, int]) -> npt.NDArray[np.float64]:
        """Return the matrix from upright to stored voxels (column, row, slice, 1), 4 x 4.

        Args:
            shape: rows and columns of the upright image.
        """
        matrix = np.eye(4)
        if self.columns_reversed:
            matrix[0, [0, 3]] = -1, shape[1] - 1
        if self.rows_reversed:
            matrix[1, [1, 3]] = -1, shape[0] - 1
        return matrix[[1, 0, 2, 3]] if self.transposed else matrix


AS_STORED = Turn()
"""The turn of an image that is stored upright."""


def is_default(affine: npt.NDArray[np.float64]) -> bool:
    """Return whether an affine is what a writer puts that knows none: an identity in LPS or RAS, apart from lengths.

    Args:
        affine: 4 x 4, voxel of the file to millimeters, LPS.
    """
    axes = affine[:3, :3]
    signs = tuple(np.sign(np.diag(axes)))
    return not affine[:3, 3].any() and not (axes - np.diag(np.diag(axes))).any() and signs in {(1, 1, 1), (-1, -1, 1)}


def find_turn(affine: npt.NDArray[np.float64]) -> tuple[Turn, bool, bool]:
    """Return how a stored image becomes upright according to its affine.

    A radiograph that was converted from a format without a plane lies in the axial plane: its columns run to the
    patient's left, and its rows to the back, which stands for the feet.

    Args:
        affine: 4 x 4, stored voxel (column, row, slice, 1) to millimeters, LPS, finite, with no axis of length 0.

    Returns:
        The turn; whether the affine states it, which that of such a converted image does not; whether it is oblique.

    Raises:
        RadiographError: the image lies in the sagittal plane.
    """
    axes = affine[:3, :2] / np.linalg.norm(affine[:3, :2], axis=0)
    column, row = max(
        ((column, row) for column in range(3) for row in range(3) if column != row),
        key=lambda pair: abs(axes[pair[0], 0]) + abs(axes[pair[1], 1]),
    )
    if _LEFT_RIGHT not in {column, row}:
        raise RadiographError(_LATERAL)
    transposed = row == _LEFT_RIGHT
    across, down = (axes[row, 1], axes[column, 0]) if transposed else (axes[column, 0], axes[row, 1])
    is_coronal = _HEAD_FOOT in {column, row}
    turn = Turn(transposed, rows_reversed=bool((down < 0) ^ is_coronal), columns_reversed=bool(across < 0))
    is_oblique = min(abs(across), abs(down)) < math.cos(math.radians(_MAX_ANGLE))
    return turn, is_coronal or turn != AS_STORED, is_oblique


def looks_upside_down(values: npt.NDArray[Any]) -> bool:
    """Return whether the abdomen and the heart seem to be in the upper half of a radiograph.

    Args:
        values: rows x columns, any real type; dense tissue is bright.
    """
    rows, columns = values.shape[:2]
    sample = values[:: max(1, rows // 128), :: max(1, columns // 128)].astype(np.float64)
    sample = np.where(np.isfinite(sample), sample, np.nan)
    middle = sample[:, sample.shape[1] * 5 // 16 : sample.shape[1] * 11 // 16]
    half = len(middle) // 2
    with np.errstate(all="ignore"):
        difference = np.nanmean(middle[:half]) - np.nanmean(middle[half:])
        return bool(difference > _MIN_UPSIDE_DOWN * np.nanstd(sample))

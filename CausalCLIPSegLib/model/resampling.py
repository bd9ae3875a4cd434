"""From the radiograph's grid to the network's square one and back."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor


def _resize(picture: Tensor, rows: int, columns: int) -> Tensor:
    # Antialiasing is what makes a film of 4,000 columns and one of 255 look alike to the network.
    return F.interpolate(picture, size=(rows, columns), mode="bilinear", align_corners=False, antialias=True)


def to_network_grid(pixels: npt.NDArray[np.float32], size: int) -> Tensor:
    """Stretch a radiograph to the network's square input.

    Args:
        pixels: float32 in [0, 1], rows x columns.
        size: rows and columns of the input.

    Returns:
        float32 in [0, 1], 1 x 1 x size x size.
    """
    return _resize(torch.from_numpy(np.array(pixels, dtype=np.float32))[None, None], size, size).clamp(0, 1)


def to_radiograph_grid(picture: Tensor, rows: int, columns: int) -> npt.NDArray[np.float32]:
    """Stretch a map on the network's grid, 1 x 1 x h x w, to float32 rows x columns of the radiograph."""
    return _resize(picture.float().cpu(), rows, columns)[0, 0].numpy()

"""Resample from the radiograph's grid to the network's square grid, and back."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor


def to_network_grid(pixels: npt.NDArray[np.float32], size: int) -> Tensor:
    """Resample a radiograph to the network's square input; its aspect ratio is not kept.

    Args:
        pixels: float32 in [0, 1], rows x columns.
        size: rows and columns of the input.

    Returns:
        float32 in [0, 1], 1 x 1 x size x size.
    """
    return _resize(torch.from_numpy(np.array(pixels, dtype=np.float32))[None, None], size, size).clamp(0, 1)


def to_radiograph_grid(network_map: Tensor, rows: int, columns: int) -> npt.NDArray[np.float32]:
    """Resample a map on the network's grid, 1 x 1 x h x w, to the radiograph's grid: float32, rows x columns."""
    return _resize(network_map.float().cpu(), rows, columns)[0, 0].numpy()


def _resize(image: Tensor, rows: int, columns: int) -> Tensor:
    # Antialiasing makes a radiograph of 4,000 columns and one of 255 columns look alike to the network.
    return F.interpolate(image, size=(rows, columns), mode="bilinear", align_corners=False, antialias=True)

"""Build and save the DICOM-SEG of a radiograph of 3000 x 3000 pixels.

Each time is also given as a multiple of the time of one lossless copy of the radiograph (JPEG-LS).
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
from dx_images import make_dx
from measuring import interleave, table
from pydicom import Dataset, uid

from CausalCLIPSegLib.segmentation.dicom_writer import encode, save
from CausalCLIPSegLib.segmentation.segmentation import CodedSegment, Segmentation
from CausalCLIPSegLib.segmentation.source_image import new_segmentation
from CausalCLIPSegLib.terminology import CATEGORY, LATERALITY, LUNG, OPACITY

SIDE = 3000


def measure(*, rounds: int) -> str:
    """Return the table of seconds."""
    radiograph = make_radiograph()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.dcm"
        copy = "lossless copy of the radiograph"
        candidates: dict[str, Callable[[], object]] = {copy: partial(copy_losslessly, radiograph, path)}
        for count in (1, 3):
            segmentation = make_segmentation(radiograph, count)
            dataset = encode(segmentation, radiograph)
            segments = f"{count} segment{'s' * (count > 1)}"
            candidates[f"build, {segments}"] = partial(encode, segmentation, radiograph)
            candidates[f"save, {segments}"] = partial(save, dataset, path)
        seconds = interleave(candidates, rounds)
    rows = [[name, f"{each:.3f}", f"{each / seconds[copy]:.2f}"] for name, each in seconds.items()]
    return table(["", "seconds", "copies"], rows)


def make_mask(row: float, column: float) -> npt.NDArray[np.bool_]:
    """Return a mask with a wavy border around a center, which is given as fractions of height and width."""
    rows, columns = np.ogrid[:SIDE, :SIDE]
    y, x = rows / SIDE - row, columns / SIDE - column
    return np.hypot(y, x) < 0.12 + 0.01 * np.sin(9 * np.arctan2(y, x))


def make_radiograph() -> Dataset:
    """Return a radiograph that compresses like a real one: slow changes and a little noise."""
    radiograph = make_dx((SIDE, SIDE), bits=12)
    rows, columns = np.ogrid[:SIDE, :SIDE]
    picture = 2000 + 900 * np.sin(rows / 300) * np.cos(columns / 250)
    noise = np.random.default_rng(0).normal(0, 4, (SIDE, SIDE))
    radiograph.PixelData = (picture + noise).astype(np.uint16).tobytes()
    return radiograph


def make_segmentation(header: Dataset, count: int) -> Segmentation:
    """Return a segmentation with up to three segments."""
    centers = [(0.6, 0.3), (0.4, 0.7), (0.7, 0.72)][:count]
    segments = tuple(
        CodedSegment(f"Opacity {number}", make_mask(*center), CATEGORY, OPACITY, LUNG, LATERALITY["right"])
        for number, center in enumerate(centers, 1)
    )
    return new_segmentation(segments, header)


def copy_losslessly(radiograph: Dataset, path: Path) -> None:
    """Write the radiograph in JPEG-LS."""
    copy = deepcopy(radiograph)
    copy.compress(uid.JPEGLSLossless, generate_instance_uid=False)
    copy.save_as(path)

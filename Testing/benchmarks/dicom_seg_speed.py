"""Measure how long a DICOM-SEG of a 3000 x 3000 radiograph takes to build and to save, and how large it is.

    python Testing/benchmarks/dicom_seg_speed.py [--repeat N]

Times are medians. Each is also given as a multiple of the time that the same machine takes for one lossless copy of
the radiograph (JPEG-LS), which can be compared between machines.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import numpy as np
import numpy.typing as npt

SUPPORT = Path(__file__).parents[1] / "support"
sys.path[:0] = [str(SUPPORT), str(SUPPORT.parents[1])]

from dx_images import make_dx
from pydicom import Dataset, uid

from CausalCLIPSegLib.segmentation.dicom_writer import encode, save
from CausalCLIPSegLib.segmentation.segmentation import CodedSegment, Segmentation
from CausalCLIPSegLib.segmentation.source_image import new_segmentation
from CausalCLIPSegLib.terminology import CATEGORY, LATERALITY, LUNG, OPACITY

SIDE = 3000


def median_seconds(work: Callable[[], object], repeat: int) -> float:
    """Return the median duration of `repeat` runs, after one run that is not measured."""
    work()
    seconds = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


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


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=5, help="number of runs to take the median of")
    repeat = parser.parse_args().repeat
    radiograph = make_radiograph()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.dcm"
        copy = median_seconds(lambda: copy_losslessly(radiograph, path), repeat)
        print(f"lossless copy of the radiograph: {copy:.3f} s, {path.stat().st_size / 1e6:.2f} MB")
        for count in (1, 3):
            segmentation = make_segmentation(radiograph, count)
            build = median_seconds(lambda segmentation=segmentation: encode(segmentation, radiograph), repeat)
            dataset = encode(segmentation, radiograph)
            write = median_seconds(lambda dataset=dataset: save(dataset, path), repeat)
            print(
                f"{count} segment{'s' * (count > 1)}: build {build:.3f} s ({build / copy:.2f} copies), "
                f"save {write:.3f} s ({write / copy:.2f} copies), {path.stat().st_size / 1e6:.2f} MB"
            )


if __name__ == "__main__":
    main()

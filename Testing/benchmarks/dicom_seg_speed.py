"""How long a DICOM-SEG of a 3000 x 3000 film takes to build and to save, and how large it is.

    python Testing/benchmarks/dicom_seg_speed.py [--repeat N]

Times are medians. Beside each stands what part it is of the time that the same machine takes for one lossless copy of
the film (JPEG-LS), which can be compared from machine to machine.
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
from CausalCLIPSegLib.segmentation.source_image import reference_to
from CausalCLIPSegLib.terminology import CATEGORY, LATERALITY, LUNG, OPACITY

SIDE = 3000


def median_seconds(work: Callable[[], object], repeat: int) -> float:
    """Return the median of `repeat` runs, after one that counts for nothing."""
    work()
    taken = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def blob(row: float, column: float) -> npt.NDArray[np.bool_]:
    """Return an outline with a wavy border, at a place in parts of the film."""
    rows, columns = np.ogrid[:SIDE, :SIDE]
    y, x = rows / SIDE - row, columns / SIDE - column
    return np.hypot(y, x) < 0.12 + 0.01 * np.sin(9 * np.arctan2(y, x))


def film() -> Dataset:
    """Return a film with a picture that compresses as one does: slow change and a little noise."""
    made = make_dx((SIDE, SIDE), bits=12)
    rows, columns = np.ogrid[:SIDE, :SIDE]
    picture = 2000 + 900 * np.sin(rows / 300) * np.cos(columns / 250)
    noise = np.random.default_rng(0).normal(0, 4, (SIDE, SIDE))
    made.PixelData = (picture + noise).astype(np.uint16).tobytes()
    return made


def segmentation(header: Dataset, count: int) -> Segmentation:
    """Return a segmentation with so many outlines."""
    places = [(0.6, 0.3), (0.4, 0.7), (0.7, 0.72)][:count]
    segments = tuple(
        CodedSegment(f"Opacity {number}", blob(*place), CATEGORY, OPACITY, LUNG, LATERALITY["right"])
        for number, place in enumerate(places, 1)
    )
    return Segmentation(segments, reference_to(header), str(header.StudyInstanceUID))


def copy_losslessly(made: Dataset, path: Path) -> None:
    """Write the film in JPEG-LS."""
    copied = deepcopy(made)
    copied.compress(uid.JPEGLSLossless, generate_instance_uid=False)
    copied.save_as(path)


def main() -> None:
    """Measure, and say what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=5, help="runs that the median is taken of")
    repeat = parser.parse_args().repeat
    made = film()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.dcm"
        unit = median_seconds(lambda: copy_losslessly(made, path), repeat)
        print(f"lossless copy of the film: {unit:.3f} s, {path.stat().st_size / 1e6:.2f} MB")
        for count in (1, 3):
            said = segmentation(made, count)
            build = median_seconds(lambda said=said: encode(said, made), repeat)
            dataset = encode(said, made)
            write = median_seconds(lambda dataset=dataset: save(dataset, path), repeat)
            print(
                f"{count} segment{'s' * (count > 1)}: build {build:.3f} s ({build / unit:.2f} copies), "
                f"save {write:.3f} s ({write / unit:.2f} copies), {path.stat().st_size / 1e6:.2f} MB"
            )


if __name__ == "__main__":
    main()

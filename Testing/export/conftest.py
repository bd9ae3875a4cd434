"""Results as the segmenter gives them, on a real film and on made ones, without a network."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from made_results import hill, make_radiograph, make_result
from pydicom.data import get_testdata_file

from CausalCLIPSegLib.radiograph import Radiograph, read_radiograph
from CausalCLIPSegLib.result import SegmentationResult

MakeRadiograph = Callable[..., Radiograph]
MakeResult = Callable[..., SegmentationResult]


@pytest.fixture(scope="session", name="make_radiograph")
def _make_radiograph() -> MakeRadiograph:
    return make_radiograph


@pytest.fixture(scope="session", name="make_result")
def _make_result() -> MakeResult:
    return make_result


@pytest.fixture(scope="session", name="hill")
def _hill() -> Callable[..., npt.NDArray[np.float32]]:
    return hill


@pytest.fixture(scope="session")
def real_film() -> Radiograph:
    """A chest radiograph from a scanner: 1955 x 1841, MONOCHROME1, not calibrated."""
    return read_radiograph(get_testdata_file("RG1_UNCR.dcm"))


@pytest.fixture(scope="session")
def real_result(real_film: Radiograph) -> SegmentationResult:
    """One area in the patient's right lower zone of the real film."""
    return make_result(real_film, hill(real_film.pixels.shape, 0.62, 0.28))


@pytest.fixture(scope="session")
def small_film() -> Radiograph:
    """A made film, 90 x 70, calibrated with 2 mm between rows and 1.5 mm between columns."""
    rows, columns = np.mgrid[:90, :70]
    return make_radiograph((rows + columns) / 158, spacing=(2.0, 1.5))


@pytest.fixture(scope="session")
def small_result(small_film: Radiograph) -> SegmentationResult:
    """An area on either side of the small film."""
    probability = np.maximum(hill((90, 70), 0.6, 0.25), hill((90, 70), 0.3, 0.75))
    return make_result(small_film, probability, sides=("right", "left"))


@pytest.fixture(scope="session")
def empty_result(small_film: Radiograph) -> SegmentationResult:
    return make_result(small_film, np.zeros((90, 70)))

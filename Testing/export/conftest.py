"""Results to export, on a real and on a synthetic radiograph, made without a network."""

from __future__ import annotations

import numpy as np
import pytest
from made_results import hill, make_radiograph, make_result
from PIL import ImageDraw
from pydicom.data import get_testdata_file

from CausalCLIPSegLib.radiograph import Radiograph, read_radiograph
from CausalCLIPSegLib.result import SegmentationResult


@pytest.fixture(scope="session")
def real_radiograph() -> Radiograph:
    """A DICOM radiograph from a scanner: 1955 x 1841, MONOCHROME1, not calibrated."""
    return read_radiograph(get_testdata_file("RG1_UNCR.dcm"))


@pytest.fixture(scope="session")
def real_result(real_radiograph: Radiograph) -> SegmentationResult:
    """One area in the patient's right lower zone of the real radiograph."""
    return make_result(real_radiograph, hill(real_radiograph.pixels.shape, 0.62, 0.28))


@pytest.fixture(scope="session")
def small_radiograph() -> Radiograph:
    """A synthetic radiograph, 90 x 70, with 2 mm between rows and 1.5 mm between columns."""
    rows, columns = np.mgrid[:90, :70]
    return make_radiograph((rows + columns) / 158, spacing=(2.0, 1.5))


@pytest.fixture(scope="session")
def small_result(small_radiograph: Radiograph) -> SegmentationResult:
    """One area on each side of the small radiograph."""
    probability = np.maximum(hill((90, 70), 0.6, 0.25), hill((90, 70), 0.3, 0.75))
    return make_result(small_radiograph, probability, sides=("right", "left"))


@pytest.fixture(scope="session")
def empty_result(small_radiograph: Radiograph) -> SegmentationResult:
    """A result with an empty mask."""
    return make_result(small_radiograph, np.zeros((90, 70)))


@pytest.fixture
def texts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect the texts that are drawn into pictures, in the order of drawing."""
    drawn: list[str] = []
    draw = ImageDraw.ImageDraw.text

    def record(self, xy, text, *arguments, **options):
        drawn.append(text)
        return draw(self, xy, text, *arguments, **options)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", record)
    return drawn

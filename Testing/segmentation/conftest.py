"""Fixtures that make, write and compare segmentations of radiographs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from dx_images import make_dx, save_dx
from pydicom import Dataset, dcmread

from CausalCLIPSegLib.segmentation.dicom_writer import encode, save
from CausalCLIPSegLib.segmentation.segmentation import Algorithm, CodedSegment, Segmentation
from CausalCLIPSegLib.segmentation.source_image import reference_to
from CausalCLIPSegLib.terminology import CATEGORY, FINDINGS, LATERALITY, LUNG

ALGORITHM = Algorithm(
    "CausalCLIPSeg", "0.1.0", "tiny", {"checkpoint_sha256": "3fa9bc12" * 8, "note": "Größe, = und \\ im Text"}
)


def make_masks(shape: tuple[int, int]) -> list[npt.NDArray[np.bool_]]:
    """Return three masks that overlap, touch the borders, and have no symmetry."""
    first, second, third = (np.zeros(shape, dtype=bool) for _ in range(3))
    rows, columns = shape
    first[rows // 2 :, : columns // 3] = True
    second[rows // 3 : -2, columns // 4 : columns // 2] = True
    third[0, -3:] = third[-1, 0] = True
    return [first, second, third]


def segmentation_of(header: Dataset, masks: list[npt.NDArray[np.bool_]] | None = None) -> Segmentation:
    """Return a segmentation of a radiograph with one finding for each mask."""
    masks = make_masks((header.Rows, header.Columns)) if masks is None else masks
    kinds = ["consolidation", "ground glass", "opacity", "infiltrate", "effusion"]
    segments = tuple(
        CodedSegment(
            label=f"{FINDINGS[kind].meaning}, {side} lung {number}",
            mask=mask,
            category=CATEGORY,
            type=FINDINGS[kind],
            region=LUNG,
            laterality=LATERALITY[side],
            algorithm_type="AUTOMATIC",
            algorithm=ALGORITHM,
            tracking_id=f"{kind}_{side}_{number}",
            color=(0.9, 0.6, 0.0),
        )
        for number, mask in enumerate(masks)
        for kind, side in [(kinds[number % 5], ("right", "left")[number % 2])]
    )
    return Segmentation(segments, reference_to(header), str(header.StudyInstanceUID))


def assert_same(read: Segmentation, expected: Segmentation) -> None:
    """Compare everything that a file should keep."""
    assert len(read.segments) == len(expected.segments)
    for segment, expected_segment in zip(read.segments, expected.segments, strict=True):
        np.testing.assert_array_equal(segment.mask, expected_segment.mask)
        for name in (
            *("label", "category", "type", "region", "laterality"),
            *("algorithm_type", "algorithm", "tracking_id", "tracking_uid"),
        ):
            assert getattr(segment, name) == getattr(expected_segment, name), name
        assert segment.color == pytest.approx(expected_segment.color, abs=0.01)
    for name in (
        *("source", "study_instance_uid", "series_instance_uid", "series_number", "sop_instance_uid"),
        *("instance_number", "label", "description", "creator"),
    ):
        assert getattr(read, name) == getattr(expected, name), name
    assert (read.previous is None) == (expected.previous is None)
    if read.previous is not None and expected.previous is not None:
        assert read.previous.sop_instance_uid == expected.previous.sop_instance_uid


@dataclass
class Written:
    """A radiograph on disk and a segmentation of it."""

    image: Path
    header: Dataset
    segmentation: Segmentation
    path: Path


@pytest.fixture(scope="session")
def make_segmentation() -> Callable[..., Segmentation]:
    return segmentation_of


@pytest.fixture
def assert_same_segmentation() -> Callable[[Segmentation, Segmentation], None]:
    return assert_same


@pytest.fixture
def write_segmentation(tmp_path: Path) -> Callable[..., Written]:
    """Save a radiograph, unless it is a file already, and write a segmentation of it."""

    def write(radiograph: Dataset | Path | None = None) -> Written:
        if isinstance(radiograph, Path):
            image = radiograph
        else:
            image = tmp_path / "image.dcm"
            save_dx(make_dx() if radiograph is None else radiograph, image)
        header = dcmread(image, stop_before_pixels=True)
        segmentation = segmentation_of(header)
        save(encode(segmentation, header), tmp_path / "segmentation.dcm")
        return Written(image, header, segmentation, tmp_path / "segmentation.dcm")

    return write


@dataclass
class Run:
    """Exit status and output of a command."""

    status: int
    out: str
    err: str
    folder: Path


@pytest.fixture
def causalclipseg(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., Run]:
    """Run the command in this process."""
    from CausalCLIPSegLib.cli import app
    from CausalCLIPSegLib.cli.run import run_command

    def run(*arguments: object) -> Run:
        capsys.readouterr()
        monkeypatch.setattr("sys.argv", ["causalclipseg", *map(str, arguments)])
        monkeypatch.setenv("COLUMNS", "200")
        status = run_command(app)
        return Run(status, *capsys.readouterr(), tmp_path)

    return run

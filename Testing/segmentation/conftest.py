"""Segmentations of films, made for the tests."""

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


def outlines(shape: tuple[int, int]) -> list[npt.NDArray[np.bool_]]:
    """Return masks that overlap, touch borders, and are alike in no reflection."""
    first, second, third = (np.zeros(shape, dtype=bool) for _ in range(3))
    rows, columns = shape
    first[rows // 2 :, : columns // 3] = True
    second[rows // 3 : -2, columns // 4 : columns // 2] = True
    third[0, -3:] = third[-1, 0] = True
    return [first, second, third]


def segmentation_of(header: Dataset, masks: list[npt.NDArray[np.bool_]] | None = None) -> Segmentation:
    """Return a segmentation of a film with a finding for each mask."""
    masks = outlines((header.Rows, header.Columns)) if masks is None else masks
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


def assert_same(found: Segmentation, expected: Segmentation) -> None:
    """Compare all that a file should keep."""
    assert len(found.segments) == len(expected.segments)
    for one, other in zip(found.segments, expected.segments, strict=True):
        np.testing.assert_array_equal(one.mask, other.mask)
        for name in (
            *("label", "category", "type", "region", "laterality"),
            *("algorithm_type", "algorithm", "tracking_id", "tracking_uid"),
        ):
            assert getattr(one, name) == getattr(other, name), name
        assert one.color == pytest.approx(other.color, abs=0.01)
    for name in (
        *("source", "study_instance_uid", "series_instance_uid", "series_number", "sop_instance_uid"),
        *("instance_number", "label", "description", "creator"),
    ):
        assert getattr(found, name) == getattr(expected, name), name
    identifiers = [each.previous and each.previous.sop_instance_uid for each in (found, expected)]
    assert identifiers[0] == identifiers[1]


@dataclass
class Written:
    """A film on disk and a segmentation of it."""

    film: Path
    header: Dataset
    segmentation: Segmentation
    path: Path


@pytest.fixture
def films() -> Callable[..., Dataset]:
    return make_dx


@pytest.fixture(scope="session")
def segment() -> Callable[..., Segmentation]:
    return segmentation_of


@pytest.fixture
def same() -> Callable[[Segmentation, Segmentation], None]:
    return assert_same


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Written]:
    """Save a film, or take that of a path, and write a segmentation of it."""

    def write(film: Dataset | Path | None = None) -> Written:
        place = film if isinstance(film, Path) else tmp_path / "film.dcm"
        if place != film:
            save_dx(make_dx() if film is None else film, place)
        header = dcmread(place, stop_before_pixels=True)
        segmentation = segmentation_of(header)
        save(encode(segmentation, header), tmp_path / "segmentation.dcm")
        return Written(place, header, segmentation, tmp_path / "segmentation.dcm")

    return write


@dataclass
class Done:
    """What a command came to."""

    status: int
    out: str
    err: str
    folder: Path


@pytest.fixture
def causalclipseg(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., Done]:
    """Run the command in this process."""
    from CausalCLIPSegLib.cli import app
    from CausalCLIPSegLib.cli.run import run_command

    def run(*arguments: object) -> Done:
        capsys.readouterr()
        monkeypatch.setattr("sys.argv", ["causalclipseg", *map(str, arguments)])
        monkeypatch.setenv("COLUMNS", "200")
        status = run_command(app)
        return Done(status, *capsys.readouterr(), tmp_path)

    return run

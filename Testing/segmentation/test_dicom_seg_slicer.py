"""`causalclipseg seg convert` to .seg.nrrd and back; Slicer's own code (slicer-core) opens and saves the file."""

from __future__ import annotations

import numpy as np
import pytest
from dx_images import dx_of_kind
from slicer_core_calls import Slicer, code_of_entry, tag
from typer.testing import CliRunner

from CausalCLIPSegLib.cli import app
from CausalCLIPSegLib.segmentation.dicom_reader import read_dicom_seg
from CausalCLIPSegLib.terminology import CONTEXT_NAME


@pytest.fixture(scope="module")
def slicer_core() -> Slicer:
    return Slicer()


def convert(*arguments) -> None:
    run = CliRunner().invoke(app, ["seg", "convert", *map(str, arguments)])
    assert run.exit_code == 0, run.output


@pytest.mark.parametrize(
    "kind", ["no spacing", "zero spacing", "only imager spacing", "both spacings", "odd size", "names", "real CR"]
)
def test_slicer_opens_and_saves_a_segmentation(kind, slicer_core, write_segmentation, tmp_path):
    files = write_segmentation(dx_of_kind(kind))
    convert(files.path, "--to", "seg.nrrd", "--image", files.image, "--output", tmp_path / "a.seg.nrrd")
    node = slicer_core.segmentation(tmp_path / "a.seg.nrrd")
    image_to_world = slicer_core.matrix(slicer_core.volume(files.image), "GetIJKToRASMatrix")
    np.testing.assert_allclose(slicer_core.reference_geometry(node)[0], image_to_world, rtol=0, atol=1e-9)
    segmentation = node.GetSegmentation()
    assert segmentation.GetNumberOfSegments() == len(files.segmentation.segments)
    for number, expected in enumerate(files.segmentation.segments):
        identifier = segmentation.GetNthSegmentID(number)
        np.testing.assert_allclose(slicer_core.label_matrix(node, identifier), image_to_world, rtol=0, atol=1e-9)
        np.testing.assert_array_equal(slicer_core.voxels(node, identifier, expected.mask.shape)[0], expected.mask)
        segment = segmentation.GetSegment(identifier)
        assert segment.GetName() == expected.label
        assert segment.GetColor() == pytest.approx(expected.color, abs=0.01)
        entry = slicer_core.terminology_entry(tag(segment, segment.GetTerminologyEntryTagName()))
        assert entry.GetTerminologyContextName() == CONTEXT_NAME
        assert code_of_entry(entry.GetCategoryObject()) == expected.category
        assert code_of_entry(entry.GetTypeObject()) == expected.type
        assert code_of_entry(entry.GetRegionObject()) == expected.region
        assert code_of_entry(entry.GetRegionModifierObject()) == expected.laterality

    slicer_core.save(node, tmp_path / "b.seg.nrrd")
    convert(tmp_path / "b.seg.nrrd", "--to", "dcm", "--image", files.image, "--output", tmp_path / "b.dcm")
    converted = read_dicom_seg(tmp_path / "b.dcm")
    assert converted.source == files.segmentation.source
    assert len(converted.segments) == len(files.segmentation.segments)
    for segment, expected in zip(converted.segments, files.segmentation.segments, strict=True):
        np.testing.assert_array_equal(segment.mask, expected.mask)
        for name in ("label", "category", "type", "region", "laterality", "algorithm_type", "tracking_uid"):
            assert getattr(segment, name) == getattr(expected, name), name

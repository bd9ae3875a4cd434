"""DICOM-SEG files of a result: codes, algorithm parameters and tracking UIDs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pydicom import dcmread

from CausalCLIPSegLib.errors import SegmentationError
from CausalCLIPSegLib.export.segmentation_files import (
    missing_dicom_seg_reason,
    segmentation_of,
    write_dicom_probability,
    write_dicom_seg,
)
from CausalCLIPSegLib.segmentation.dicom_reader import read_dicom_seg
from CausalCLIPSegLib.terminology import CATEGORY, LATERALITY, LUNG, OPACITY


def test_writes_masks_codes_and_algorithm(real_result, tmp_path):
    write_dicom_seg(real_result, tmp_path / "a.dcm")
    segmentation = read_dicom_seg(tmp_path / "a.dcm")
    (segment,) = segmentation.segments
    (expected,) = real_result.segments
    np.testing.assert_array_equal(segment.mask, expected.mask)
    assert (segment.label, segment.algorithm_type) == (expected.name, "AUTOMATIC")
    assert (segment.category, segment.type, segment.region) == (CATEGORY, OPACITY, LUNG)
    assert segment.laterality == LATERALITY[expected.side]
    algorithm = segment.algorithm
    assert (algorithm.name, algorithm.version, algorithm.source) == ("CausalCLIPSeg", "2", "qata-lite0")
    assert algorithm.parameters == {
        "checkpoint": "qata-lite0",
        "checkpoint_sha256": "3fa9bc12" * 8,
        "program_version": "0.1.0",
        "threshold": "0.5",
        "sentence": real_result.prompt,
        "sentence_laterality": "viewer",
        "note": real_result.note,
    }
    assert segmentation.source.sop_instance_uid == real_result.radiograph.header.SOPInstanceUID


def test_the_note_can_be_left_out(real_result, tmp_path):
    write_dicom_seg(real_result, tmp_path / "a.dcm", with_note=False)
    (segment,) = read_dicom_seg(tmp_path / "a.dcm").segments
    assert "note" not in segment.algorithm.parameters
    assert real_result.note.encode() not in (tmp_path / "a.dcm").read_bytes()


def test_the_tracking_uid_depends_only_on_radiograph_weights_and_segment(real_result):
    def tracking_uid(**changes):
        provenance = replace(real_result.provenance, **changes)
        first, second = (segmentation_of(replace(real_result, provenance=provenance)) for _ in range(2))
        assert first.sop_instance_uid != second.sop_instance_uid
        assert first.segments[0].tracking_uid == second.segments[0].tracking_uid
        return first.segments[0].tracking_uid

    expected = tracking_uid()
    assert tracking_uid(device="cuda", seconds={}, version="9") == expected
    assert tracking_uid(checkpoint_sha256="ab" * 32) != expected
    header = real_result.radiograph.header.copy()
    header.SOPInstanceUID = "2.25.9"
    other_image = replace(real_result, radiograph=replace(real_result.radiograph, header=header))
    assert segmentation_of(other_image).segments[0].tracking_uid != expected


def test_no_dicom_seg_for_other_images_or_an_empty_mask(real_result, small_result, tmp_path):
    assert "DICOM" in missing_dicom_seg_reason(small_result)
    with pytest.raises(SegmentationError):
        write_dicom_seg(small_result, tmp_path / "a.dcm")
    assert "Nothing is outlined" in missing_dicom_seg_reason(replace(real_result, segments=()))
    assert list(tmp_path.iterdir()) == []


def test_the_probability_is_stored_in_8_bits(real_result, tmp_path):
    write_dicom_probability(real_result, tmp_path / "p.dcm")
    dataset = dcmread(tmp_path / "p.dcm")
    assert (dataset.SegmentationType, dataset.SegmentationFractionalType) == ("FRACTIONAL", "PROBABILITY")
    np.testing.assert_allclose(dataset.pixel_array / 255, real_result.probability, rtol=0, atol=0.5 / 255 + 1e-6)

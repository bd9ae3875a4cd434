"""dciodvfy, dicom-validator and dcmqi accept our DICOM-SEG of many kinds of radiographs, and corrections."""

from __future__ import annotations

import json
import logging
import subprocess
import sysconfig
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from dicom_validator.validator.dicom_file_validator import DicomFileValidator
from dicom_validator.validator.dicom_info import DicomInfo
from dicom_validator.validator.validation_result import Status
from dx_images import KINDS, REAL, dx_of_kind
from pydicom import dcmread
from standard_tables import segmentation_tables

from CausalCLIPSegLib.segmentation.dicom_reader import read_dicom_seg
from CausalCLIPSegLib.segmentation.dicom_writer import encode, save
from CausalCLIPSegLib.segmentation.revision import correct_segments, revise


@pytest.fixture(scope="module")
def standard() -> DicomInfo:
    return segmentation_tables()


def call(program, *arguments):
    command = [str(Path(sysconfig.get_path("scripts")) / program), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)


def check(path, standard):
    run = call("dciodvfy", path)
    lines = (run.stdout + run.stderr).splitlines()
    assert any(line.strip() == "Segmentation" for line in lines), lines
    assert [line for line in lines if line.startswith("Error")] == []
    (result,) = DicomFileValidator(standard, log_level=logging.ERROR).validate(path).values()
    assert result.status == Status.Passed, result.module_errors


def check_dcmqi(segmentation, path, folder):
    folder.mkdir()
    run = call("segimage2itkimage", "--inputDICOM", path, "--outputDirectory", folder, "-t", "nrrd", "-p", "s")
    assert run.returncode == 0, run.stderr
    groups = json.loads((folder / "s-meta.json").read_text())["segmentAttributes"]
    items = [item for group in groups for item in group]
    assert len(items) == len(segmentation.segments)
    for number, (item, segment) in enumerate(zip(items, segmentation.segments, strict=True), 1):
        assert item["SegmentLabel"] == segment.label
        for name, code in (
            ("SegmentedPropertyCategoryCodeSequence", segment.category),
            ("SegmentedPropertyTypeCodeSequence", segment.type),
            ("AnatomicRegionSequence", segment.region),
            ("AnatomicRegionModifierSequence", segment.laterality),
        ):
            values = tuple(item[name][key] for key in ("CodeValue", "CodingSchemeDesignator", "CodeMeaning"))
            assert values == (code.value, code.scheme, code.meaning)
        voxels = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(folder / f"s-{number}.nrrd")))
        np.testing.assert_array_equal(voxels[0] != 0, segment.mask)


@pytest.mark.parametrize("kind", [*KINDS, *REAL])
def test_validators_accept_a_dicom_seg_of_each_kind_of_radiograph(
    kind, standard, write_segmentation, assert_same_segmentation, tmp_path
):
    files = write_segmentation(dx_of_kind(kind))
    check(files.path, standard)
    check_dcmqi(files.segmentation, files.path, tmp_path / "dcmqi")
    assert_same_segmentation(read_dicom_seg(files.path), files.segmentation)


def test_validators_accept_a_correction(standard, write_segmentation, assert_same_segmentation, tmp_path):
    files = write_segmentation()
    original = read_dicom_seg(files.path)
    first, second, third = original.segments
    changed = ~first.mask
    edited = [replace(first, mask=changed), second, third]
    revised = revise(original, correct_segments(original, edited), "Roe^Richard")
    path = tmp_path / "corrected.dcm"
    save(encode(revised, files.header), path)
    check(path, standard)
    check_dcmqi(revised, path, tmp_path / "dcmqi")
    read = read_dicom_seg(path)
    assert_same_segmentation(read, revised)
    assert read.sop_instance_uid != original.sop_instance_uid
    assert read.series_instance_uid == original.series_instance_uid
    assert read.instance_number == original.instance_number + 1
    assert read.creator == "Roe^Richard"
    assert read.previous.sop_instance_uid == original.sop_instance_uid
    assert [segment.tracking_uid for segment in read.segments] == [
        segment.tracking_uid for segment in original.segments
    ]
    assert [segment.algorithm_type for segment in read.segments] == ["SEMIAUTOMATIC", "AUTOMATIC", "AUTOMATIC"]
    np.testing.assert_array_equal(read.segments[0].mask, changed)
    frames = {dcmread(file, stop_before_pixels=True).FrameOfReferenceUID for file in (files.path, path)}
    assert len(frames) == 1, "the radiograph has no frame of reference, so it must be derived from its UID"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda dataset: delattr(dataset, "ContentLabel"),
        lambda dataset: delattr(dataset, "ContentCreatorName"),
        lambda dataset: delattr(dataset.SegmentSequence[1], "SegmentAlgorithmName"),
        lambda dataset: delattr(dataset.SegmentSequence[0], "SegmentedPropertyTypeCodeSequence"),
        lambda dataset: delattr(dataset.PerFrameFunctionalGroupsSequence[2], "FrameContentSequence"),
        lambda dataset: setattr(dataset, "KVP", "80"),
    ],
    ids=["type 1", "type 2", "conditional", "in a sequence", "functional group", "foreign"],
)
def test_dicom_validator_detects_spoiled_elements(spoil, standard, write_segmentation, tmp_path):
    dataset = dcmread(write_segmentation().path)
    spoil(dataset)
    dataset.save_as(tmp_path / "spoiled.dcm")
    (result,) = DicomFileValidator(standard, log_level=logging.ERROR).validate(tmp_path / "spoiled.dcm").values()
    assert result.errors == 1

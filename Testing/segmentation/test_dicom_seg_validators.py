"""What is written for many kinds of films, and corrected, as dciodvfy, dicom-validator and dcmqi see it."""

from __future__ import annotations

import json
import logging
import subprocess
import sysconfig
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
from CausalCLIPSegLib.segmentation.revision import revise


@pytest.fixture(scope="module")
def standard() -> DicomInfo:
    return segmentation_tables()


def call(program, *arguments):
    command = [str(Path(sysconfig.get_path("scripts")) / program), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)


def check(path, standard):
    done = call("dciodvfy", path)
    said = (done.stdout + done.stderr).splitlines()
    assert any(line.strip() == "Segmentation" for line in said), said
    assert [line for line in said if line.startswith("Error")] == []
    (result,) = DicomFileValidator(standard, log_level=logging.ERROR).validate(path).values()
    assert result.status == Status.Passed, result.module_errors


def check_dcmqi(segmentation, path, folder):
    folder.mkdir()
    done = call("segimage2itkimage", "--inputDICOM", path, "--outputDirectory", folder, "-t", "nrrd", "-p", "s")
    assert done.returncode == 0, done.stderr
    said = [item for group in json.loads((folder / "s-meta.json").read_text())["segmentAttributes"] for item in group]
    assert len(said) == len(segmentation.segments)
    for number, (item, segment) in enumerate(zip(said, segmentation.segments, strict=True), 1):
        assert item["SegmentLabel"] == segment.label
        for name, code in (
            ("SegmentedPropertyCategoryCodeSequence", segment.category),
            ("SegmentedPropertyTypeCodeSequence", segment.type),
            ("AnatomicRegionSequence", segment.region),
            ("AnatomicRegionModifierSequence", segment.laterality),
        ):
            found = item[name]
            assert (found["CodeValue"], found["CodingSchemeDesignator"], found["CodeMeaning"]) == (
                code.value,
                code.scheme,
                code.meaning,
            )
        voxels = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(folder / f"s-{number}.nrrd")))
        np.testing.assert_array_equal(voxels[0] != 0, segment.mask)


@pytest.mark.parametrize("kind", [*KINDS, *REAL])
def test_each_kind_of_film(kind, standard, written, same, tmp_path):
    made = written(dx_of_kind(kind))
    check(made.path, standard)
    check_dcmqi(made.segmentation, made.path, tmp_path / "dcmqi")
    same(read_dicom_seg(made.path), made.segmentation)


def test_a_correction(standard, written, same, tmp_path):
    made = written()
    before = read_dicom_seg(made.path)
    first, second, third = before.segments
    changed = ~first.mask
    masks = {first.tracking_uid: changed, second.tracking_uid: second.mask, third.tracking_uid: third.mask}
    after = revise(before, masks, "Roe^Richard")
    path = tmp_path / "corrected.dcm"
    save(encode(after, made.header), path)
    check(path, standard)
    check_dcmqi(after, path, tmp_path / "dcmqi")
    found = read_dicom_seg(path)
    same(found, after)
    assert found.sop_instance_uid != before.sop_instance_uid
    assert found.series_instance_uid == before.series_instance_uid
    assert found.instance_number == before.instance_number + 1
    assert found.creator == "Roe^Richard"
    assert found.previous.sop_instance_uid == before.sop_instance_uid
    assert [part.tracking_uid for part in found.segments] == [part.tracking_uid for part in before.segments]
    assert [part.algorithm_type for part in found.segments] == ["SEMIAUTOMATIC", "AUTOMATIC", "AUTOMATIC"]
    np.testing.assert_array_equal(found.segments[0].mask, changed)
    planes = {dcmread(each, stop_before_pixels=True).FrameOfReferenceUID for each in (made.path, path)}
    assert len(planes) == 1  # the film names none, so it is derived from the film


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
def test_the_tables_of_the_standard_find_what_is_wrong(spoil, standard, written, tmp_path):
    dataset = dcmread(written().path)
    spoil(dataset)
    dataset.save_as(tmp_path / "spoiled.dcm")
    (result,) = DicomFileValidator(standard, log_level=logging.ERROR).validate(tmp_path / "spoiled.dcm").values()
    assert result.errors == 1

"""What is written for many kinds of films, and corrected, as dciodvfy and dcmqi see it, and as it is read back.

dicom-validator is not asked: it downloads the standard at its first start, and a test should need no network.
"""

from __future__ import annotations

import json
import subprocess
import sysconfig
from pathlib import Path

import deid_data
import numpy as np
import pytest
import SimpleITK
from pydicom import uid
from pydicom.data import get_testdata_file
from pydicom.pixels import get_encoder

from CausalCLIPSegLib.dicom_seg.reading import read_dicom_seg
from CausalCLIPSegLib.dicom_seg.revising import revise
from CausalCLIPSegLib.dicom_seg.writing import encode, save

KINDS = {
    "monochrome1": {"PhotometricInterpretation": "MONOCHROME1"},
    "8 bit": {"bits": 8},
    "10 bit": {"bits": 10},
    "12 bit": {"bits": 12},
    "14 bit": {"bits": 14},
    "16 bit": {"bits": 16},
    "RLE": {"syntax": uid.RLELossless},
    "JPEG-LS": {"syntax": uid.JPEGLSLossless},
    "JPEG 2000": {"syntax": uid.JPEG2000Lossless},
    "no spacing": {"PixelSpacing": None},
    "zero spacing": {"PixelSpacing": [0, 0]},
    "only imager spacing": {"PixelSpacing": None, "ImagerPixelSpacing": [0.1, 0.2]},
    "both spacings": {"ImagerPixelSpacing": [0.3, 0.4]},
    "odd size": {"shape": (47, 37), "bits": 16},
    "one column more than bytes": {"shape": (33, 41), "bits": 16},
    "no type 2": dict.fromkeys(
        ["PatientBirthDate", "PatientSex", "StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName"]
    ),
    "names": {"PatientName": "Müller^Jürgen=山田^太郎", "PatientID": "Ä-1"},
    "computed radiography": {"SOPClassUID": uid.ComputedRadiographyImageStorage, "Modality": "CR"},
    "secondary capture": {"SOPClassUID": uid.SecondaryCaptureImageStorage, "Modality": "OT"},
}


def call(program, *arguments):
    command = [str(Path(sysconfig.get_path("scripts")) / program), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)


def check(path):
    done = call("dciodvfy", path)
    said = (done.stdout + done.stderr).splitlines()
    assert any(line.strip() == "Segmentation" for line in said), said
    assert [line for line in said if line.startswith("Error")] == []


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


def film_of(kind, films):
    if kind == "real CR":
        return Path(get_testdata_file("RG1_UNCR.dcm"))
    if kind == "real DX":
        return Path(deid_data.__file__).parent / "data/animals/cat.dcm"
    elements = KINDS[kind]
    assert "syntax" not in elements or get_encoder(elements["syntax"]).is_available
    return films(**elements)


@pytest.mark.parametrize("kind", [*KINDS, "real CR", "real DX"])
def test_each_kind_of_film(kind, films, written, same, tmp_path):
    made = written(film_of(kind, films))
    check(made.path)
    check_dcmqi(made.segmentation, made.path, tmp_path / "dcmqi")
    same(read_dicom_seg(made.path), made.segmentation)


def test_a_correction(written, same, tmp_path):
    made = written()
    before = read_dicom_seg(made.path)
    first, second, third = before.segments
    changed = ~first.mask
    masks = {first.tracking_uid: changed, second.tracking_uid: second.mask, third.tracking_uid: third.mask}
    after = revise(before, masks, "Roe^Richard")
    path = tmp_path / "corrected.dcm"
    save(encode(after, made.header), path)
    check(path)
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

"""The files of a result and the UIDs in them, compared with the golden files: see README.md."""

from __future__ import annotations

import csv
import json
import re
import uuid

import nrrd
import numpy as np
from pydicom import Dataset, dcmread


def test_result_json_equals_the_golden_file(golden, segment_run):
    assert sorted(path.name for path in segment_run.iterdir()) == sorted(
        ["overlay.png", "result.json", "segmentation.dcm", "segmentation.seg.nrrd"]
    )
    golden.check_json("result.json", json.loads((segment_run / "result.json").read_text(encoding="utf-8")))


def test_columns_of_films_csv_equal_the_golden_file(golden, batch_run):
    with (batch_run / "films.csv").open(encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file)
    golden.check_text("films_csv_header.txt", "\n".join(header) + "\n", may_add=True)
    assert [dict(zip(header, row, strict=True))["status"] for row in rows] == ["outlined", "no finding", "refused"]


def test_segmentation_dcm_equals_the_golden_file(golden, segment_run, dump):
    file = dcmread(segment_run / "segmentation.dcm")
    uids: dict[str, str] = {}
    golden.check_text("segmentation_dcm.txt", "\n".join([*dump(file.file_meta, uids), *dump(file, uids)]) + "\n")


def test_segmentation_seg_nrrd_equals_the_golden_file(golden, segment_run):
    header = nrrd.read_header(str(segment_run / "segmentation.seg.nrrd"))
    lines = []
    for key, value in header.items():
        text = str(np.asarray(value).tolist()) if isinstance(value, np.ndarray) else str(value)
        text = re.sub(r"(CheckpointSHA256:)[0-9a-f]{64}", r"\1<sha256>", text)
        text = re.sub(r"(TrackingUID:)2[.]25[.][0-9]+", r"\1<uid>", text)
        lines.append(f"{key}: {text}")
    golden.check_text("seg_nrrd_tags.txt", "\n".join(lines) + "\n")


def _derived(*sources: str) -> str:
    return f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, chr(0).join(sources)).int}"


def _tracking(file: Dataset) -> dict[str, str]:
    return {segment.TrackingID: segment.TrackingUID for segment in file.SegmentSequence}


def test_uids_are_derived_from_image_weights_and_segment(segment_run, batch_run):
    document = json.loads((segment_run / "result.json").read_text(encoding="utf-8"))
    image, weights = document["source"]["sop_instance_uid"], document["checkpoint"]["sha256"]
    file, again = dcmread(segment_run / "segmentation.dcm"), dcmread(batch_run / "a" / "segmentation.dcm")
    expected = {each["id"]: _derived(image, weights, each["id"]) for each in document["segments"]}
    assert list(expected) == ["infection_right", "infection_left"]
    assert _tracking(file) == _tracking(again) == expected
    assert file.FrameOfReferenceUID == again.FrameOfReferenceUID == _derived(image, "frame of reference")
    tags = nrrd.read_header(str(segment_run / "segmentation.seg.nrrd"))
    assert f"CausalCLIPSeg.TrackingUID:{expected['infection_right']}|" in tags["Segment0_Tags"]

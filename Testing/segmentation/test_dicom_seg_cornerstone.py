"""OHIF's reader, cornerstone's adapters in Node, reads names, codes and every pixel of our DICOM-SEG.

OHIF asks an archive for the file and, if it cannot read the file (padded pixels), for the frames. If rows x columns is
not a multiple of 8, its reader of files silently misreads the second and later segments. This is a defect of dcmjs,
which no other encoding of the file avoids.
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dx_images import make_dx
from pydicom import dcmread
from pydicom.data import get_testdata_file

from CausalCLIPSegLib.radiograph.limits import MIN_SIDE
from CausalCLIPSegLib.segmentation.dicom_reader import read_dicom_seg
from CausalCLIPSegLib.segmentation.dicom_writer import encode, save
from CausalCLIPSegLib.segmentation.revision import correct_segments, revise
from CausalCLIPSegLib.segmentation.segmentation import Segmentation

NODE = Path(__file__).parents[1] / "node"

Request = dict[str, Any]


@pytest.fixture(scope="module")
def cornerstone() -> Callable[[list[Request]], list[Any]]:
    """Return a function that reads segmentations, all in one process of Node."""
    if shutil.which("node") is None or not (NODE / "node_modules").is_dir():
        pytest.skip("cornerstone's adapters are not installed; see Testing/install-tools")

    def read(requests: list[Request]) -> list[Any]:
        command = ["node", str(NODE / "read-segmentations.mjs")]
        run = subprocess.run(command, input=json.dumps(requests), capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stderr
        return json.loads(run.stdout)

    return read


def as_file(image: Path, segmentation: Path) -> Request:
    metadata = dcmread(segmentation, stop_before_pixels=True).to_json_dict()
    return {"radiograph": str(image), "metadata": metadata, "file": str(segmentation)}


def as_frames(image: Path, segmentation: Path) -> Request:
    """Return an archive's answer to a request for frames: each frame begins with a new byte."""
    dataset = dcmread(segmentation)
    pixels = dataset.pixel_array.reshape(-1, dataset.Rows * dataset.Columns)
    frames = [base64.b64encode(np.packbits(frame, bitorder="little").tobytes()).decode() for frame in pixels]
    request = as_file(image, segmentation)
    del request["file"]
    return request | {"frames": frames}


def assert_shown(shown: Any, expected: Segmentation) -> None:
    assert isinstance(shown, list), shown["error"]
    assert [item["number"] for item in shown] == list(range(1, len(expected.segments) + 1))
    for item, segment in zip(shown, expected.segments, strict=True):
        assert item["label"] == segment.label
        for name, code in (("category", segment.category), ("type", segment.type)):
            assert item[name] == [code.value, code.scheme, code.meaning]
        assert item["color"] == pytest.approx([255 * component for component in segment.color], abs=2)
        pixels = np.frombuffer(zlib.decompress(base64.b64decode(item["pixels"])), dtype=np.uint8)
        np.testing.assert_array_equal(pixels.reshape(segment.mask.shape), segment.mask)


def is_misread(segmentation: Segmentation) -> bool:
    """Whether dcmjs mixes up the bits of a file, because a frame after the first does not begin with a new byte."""
    return len(segmentation.segments) > 1 and segmentation.segments[0].mask.size % 8 != 0


UNUSUAL_HEADERS = (
    {"PixelSpacing": None},
    {"PixelSpacing": [0, 0]},
    {"ImagerPixelSpacing": [0.3, 0.4]},
    {"PhotometricInterpretation": "MONOCHROME1", "PatientName": "Müller^Jürgen=山田^太郎"},
)


def test_reads_any_size_and_number_of_overlapping_segments(cornerstone, make_segmentation, tmp_path):
    rng = np.random.default_rng(11)
    requests, expected = [], []
    for number in range(40):
        shape = tuple(rng.integers(MIN_SIDE, MIN_SIDE + 40, 2).tolist())
        elements = UNUSUAL_HEADERS[number % len(UNUSUAL_HEADERS)] | {"SOPInstanceUID": f"2.25.{1000 + number}"}
        image, path = tmp_path / f"image-{number}.dcm", tmp_path / f"segmentation-{number}.dcm"
        make_dx(shape=shape, **elements).save_as(image, enforce_file_format=True)
        header = dcmread(image, stop_before_pixels=True)
        share = rng.choice([0.02, 0.5, 1.0])
        expected.append(make_segmentation(header, [rng.random(shape) < share for _ in range(rng.integers(1, 6))]))
        save(encode(expected[-1], header), path)
        requests += [as_file(image, path), as_frames(image, path)]
    answers = cornerstone(requests)
    read_as_files = 0
    for of_file, of_frames, segmentation in zip(answers[::2], answers[1::2], expected, strict=True):
        assert_shown(of_frames, segmentation)
        if isinstance(of_file, list) and not is_misread(segmentation):  # otherwise OHIF asks for frames
            assert_shown(of_file, segmentation)
            read_as_files += 1
    assert read_as_files > 5


@pytest.mark.xfail(reason="dcmjs 0.52 takes the bits of a byte in the wrong order", strict=True)
def test_reads_a_file_whose_frames_do_not_begin_at_a_byte_boundary(cornerstone, write_segmentation):
    files = write_segmentation(make_dx(shape=(47, 38)))
    assert is_misread(files.segmentation)
    (shown,) = cornerstone([as_file(files.image, files.path)])
    assert_shown(shown, files.segmentation)


def test_reads_a_real_radiograph_and_a_correction(cornerstone, write_segmentation, tmp_path):
    files = write_segmentation(Path(get_testdata_file("RG1_UNCR.dcm")))
    original = read_dicom_seg(files.path)
    edited = [replace(segment, mask=~segment.mask) for segment in original.segments]
    revised = revise(original, correct_segments(original, edited), "Roe^Richard")
    path = tmp_path / "corrected.dcm"
    save(encode(revised, files.header), path)
    first, second = cornerstone([as_frames(files.image, files.path), as_frames(files.image, path)])
    assert_shown(first, files.segmentation)
    assert_shown(second, revised)

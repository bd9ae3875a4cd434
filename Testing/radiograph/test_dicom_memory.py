"""Too little memory while a DICOM file is read is never told as damage, whichever decoder notices it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from pydicom import uid
from pydicom.encaps import encapsulate

resource = pytest.importorskip("resource", reason="this system cannot limit the memory of a process")

ROOT = Path(__file__).parents[2]
READ = """
import resource, sys
import imagecodecs
from CausalCLIPSegLib.radiograph import dicom, read_radiograph
for codec in ("jpeg8", "jpegls", "jpeg2k"):
    getattr(imagecodecs, f"{codec}_version")()  # load the libraries before memory is short
size = int(next(line for line in open("/proc/self/status") if line.startswith("VmSize")).split()[1]) * 1024
for megabytes in map(int, sys.argv[2:]):
    resource.setrlimit(resource.RLIMIT_AS, (size + megabytes * 1_000_000, resource.RLIM_INFINITY))
    try:
        read_radiograph(sys.argv[1])
        print("read")
    except Exception as error:
        print(type(error).__name__)
"""
SIDE = 3000
ENCODERS = {
    "uncompressed": None,
    "JPEG": (uid.JPEGExtended12Bit, lambda image: imagecodecs.jpeg8_encode(image, bitspersample=12)),
    "lossless JPEG": (uid.JPEGLosslessSV1, lambda image: imagecodecs.jpeg8_encode(image, lossless=True)),
    "JPEG-LS": (uid.JPEGLSLossless, imagecodecs.jpegls_encode),
    "JPEG 2000": (uid.JPEG2000Lossless, lambda image: imagecodecs.jpeg2k_encode(image, level=0)),
}


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="this system does not tell the size of a process")
@pytest.mark.parametrize("name", ENCODERS)
def test_too_little_memory_is_not_damage(make_dataset, dicom_bytes, tmp_path, name):
    row, column = np.indices((SIDE, SIDE))
    image = (2000 + 1000 * np.sin(row / 200) + 1000 * np.cos(column / 300)).astype(np.uint16)
    dataset = make_dataset(image)
    if ENCODERS[name]:
        syntax, encode = ENCODERS[name]
        dataset.PixelData = encapsulate([encode(image)])
        dataset["PixelData"].VR, dataset["PixelData"].is_undefined_length = "OB", True
        dataset.file_meta.TransferSyntaxUID = syntax
    path = tmp_path / "image.dcm"
    path.write_bytes(dicom_bytes(dataset))
    limits = [*range(5, 120, 10), 2000]
    done = subprocess.run(
        [sys.executable, "-c", READ, path, *map(str, limits)], cwd=ROOT, capture_output=True, text=True
    )
    answers = done.stdout.split()
    assert (done.returncode, len(answers)) == (0, len(limits)), done.stderr
    assert set(answers[:-1]) <= {"MemoryError", "read"}
    assert (answers[0], answers[-1]) == ("MemoryError", "read")

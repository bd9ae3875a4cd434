"""The worker reads a file again only if it has changed."""

from __future__ import annotations

import numpy as np
import pytest
from dx_images import make_dx, save_dx

from CausalCLIPSegLib.errors import MirroredQuestionError, RadiographError
from CausalCLIPSegLib.worker import protocol
from CausalCLIPSegLib.worker.jobs.images import read_image


@pytest.fixture
def image(tmp_path) -> protocol.FileImage:
    save_dx(make_dx(), tmp_path / "a.dcm")
    return protocol.FileImage(kind="file", path=tmp_path / "a.dcm")


def test_an_unchanged_file_is_read_once(image):
    assert read_image(image, None).pixels is read_image(image, None).pixels
    assert read_image(image, True).mirrored
    assert not read_image(image, False).mirrored


def test_a_changed_file_is_read_again(image):
    before = read_image(image, None).pixels
    save_dx(make_dx(PhotometricInterpretation="MONOCHROME1"), image.path)
    assert not np.array_equal(read_image(image, None).pixels, before)


def test_a_file_that_was_removed_is_an_error(image):
    read_image(image, None)
    image.path.unlink()
    with pytest.raises(RadiographError):
        read_image(image, None)


def test_a_mirrored_file_is_asked_about_each_time(image):
    save_dx(make_dx(PatientOrientation=["R", "F"]), image.path)
    for _ in range(2):
        with pytest.raises(MirroredQuestionError):
            read_image(image, None)

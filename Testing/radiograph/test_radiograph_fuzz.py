"""Reading a DICOM file with a damaged header raises RadiographError or returns an image of the same size."""

from __future__ import annotations

import numpy as np
import pytest
from header_fuzz import PIXELS, QUICK, byte_changes, spoil_bytes, spoil_element
from hypothesis import given
from hypothesis import strategies as st

from CausalCLIPSegLib.errors import RadiographError
from CausalCLIPSegLib.radiograph import read_radiograph


@pytest.fixture(scope="module")
def good(stored, make_dataset, dicom_bytes):
    elements = {"PixelSpacing": [0.2, 0.15], "WindowCenter": 2000, "WindowWidth": 3000, "PatientID": "1"}
    return dicom_bytes(make_dataset(stored, **elements))


def assert_rejected_or_complete(path, data, stored):
    path.write_bytes(data)
    try:
        radiograph = read_radiograph(path)
    except RadiographError:
        return
    assert radiograph.pixels.shape == stored.shape
    assert np.isfinite(radiograph.pixels).all()
    assert 0 <= radiograph.pixels.min() < radiograph.pixels.max() <= 1


@QUICK
@given(changes=byte_changes)
def test_survives_changed_bytes(good, stored, folder, changes):
    assert_rejected_or_complete(folder / "fuzz.dcm", spoil_bytes(good, good.rindex(PIXELS) + 12, changes), stored)


@QUICK
@given(start=st.floats(0, 1), length=st.integers(1, 100), piece=st.binary(max_size=20))
def test_survives_replaced_pieces(good, stored, folder, start, length, piece):
    end = good.rindex(PIXELS)
    at = int(start * end)
    assert_rejected_or_complete(folder / "fuzz.dcm", good[:at] + piece + good[min(at + length, end) :], stored)


@QUICK
@given(data=st.data())
def test_survives_changed_elements(good, stored, folder, data):
    assert_rejected_or_complete(folder / "fuzz.dcm", spoil_element(data, good), stored)

"""Damaged headers of films: whatever is changed, there is the project's own error or a film of the same size."""

from __future__ import annotations

import numpy as np
import pytest
from header_fuzz import PIXELS, QUICK, byte_changes, spoil_bytes, spoil_element
from hypothesis import given
from hypothesis import strategies as st

from CausalCLIPSegLib.errors import RadiographError
from CausalCLIPSegLib.radiograph import read_radiograph


@pytest.fixture(scope="module")
def good(film, make_dataset, dicom_bytes):
    elements = {"PixelSpacing": [0.2, 0.15], "WindowCenter": 2000, "WindowWidth": 3000, "PatientID": "1"}
    return dicom_bytes(make_dataset(film, **elements))


def assert_refused_or_whole(path, data, film):
    path.write_bytes(data)
    try:
        radiograph = read_radiograph(path)
    except RadiographError:
        return
    assert radiograph.pixels.shape == film.shape
    assert np.isfinite(radiograph.pixels).all()
    assert 0 <= radiograph.pixels.min() < radiograph.pixels.max() <= 1


@QUICK
@given(changes=byte_changes)
def test_bytes_of_a_header(good, film, folder, changes):
    assert_refused_or_whole(folder / "fuzz.dcm", spoil_bytes(good, good.rindex(PIXELS) + 12, changes), film)


@QUICK
@given(start=st.floats(0, 1), length=st.integers(1, 100), put=st.binary(max_size=20))
def test_pieces_of_a_header(good, film, folder, start, length, put):
    end = good.rindex(PIXELS)
    at = int(start * end)
    assert_refused_or_whole(folder / "fuzz.dcm", good[:at] + put + good[min(at + length, end) :], film)


@QUICK
@given(data=st.data())
def test_elements_of_a_header(good, film, folder, data):
    assert_refused_or_whole(folder / "fuzz.dcm", spoil_element(data, good), film)

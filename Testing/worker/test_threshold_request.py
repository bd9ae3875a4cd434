"""The request "threshold": splits a stored probability map at another threshold."""

from pathlib import Path

import numpy as np
import pytest
from pydicom.data import get_testdata_file

from CausalCLIPSegLib.demo import DEMO_IMAGE
from CausalCLIPSegLib.mask.sides import split_by_side

IMAGE = Path(str(get_testdata_file(DEMO_IMAGE, download=False)))


def test_splits_a_stored_map(worker, segment_request, tmp_path):
    result = worker.ask("segment", **segment_request)
    answer = worker.ask(
        "threshold",
        probability=result["probability"],
        threshold=0.45,
        spacing=[0.25, 0.5],
        mirrored=True,
        output=str(tmp_path / "again"),
    )
    masks = split_by_side(np.load(result["probability"]) >= 0.45, mirrored=True)
    assert [document["side"] for document in answer["masks"]] == ["right", "left"]
    for document in answer["masks"]:
        mask = masks[document["side"]]
        np.testing.assert_array_equal(np.load(document["mask"]), mask)
        assert document["area_mm2"] == pytest.approx(mask.sum() * 0.125)


def test_rejects_files_that_hold_no_probability_map(worker, values, tmp_path):
    for path in (values, tmp_path / "missing.npy", IMAGE):
        error = worker.ask("threshold", probability=str(path), threshold=0.5, output=str(tmp_path / "out"))
        assert (error["event"], error["kind"]) == ("error", "user")
    assert not (tmp_path / "out").exists()

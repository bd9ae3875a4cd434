"""What the maps are worth: values that can be computed by hand, and the command."""

import json

import numpy as np
import pytest

from training.__main__ import app
from training.evaluation.map_value import CELLS, SHARE, MapValue, cells_of, correlation, delete, highest_cells


def test_correlation_is_one_for_the_mask_itself_and_undefined_for_a_constant_map():
    mask = np.zeros((8, 10), bool)
    mask[2:5, 3:6] = True
    assert correlation(mask.astype(np.float32), mask) == pytest.approx(1)
    assert correlation(1 - mask.astype(np.float32), mask) == pytest.approx(-1)
    assert correlation(np.full((8, 10), 0.5, np.float32), mask) is None
    assert correlation(np.random.default_rng(0).random((8, 10), np.float32), np.zeros((8, 10), bool)) is None


def test_only_the_highest_cells_are_blurred():
    values = np.zeros((2 * CELLS, 3 * CELLS), np.float32)
    values[4:6, 9:12] = 1
    assert cells_of(values)[2, 3] == 1
    assert cells_of(values).sum() == 1
    cells = highest_cells(cells_of(values))
    assert cells[2, 3]
    assert cells.sum() == round(SHARE * CELLS**2)
    pixels = np.random.default_rng(0).random(values.shape, np.float32)
    chosen = np.kron(cells, np.ones((2, 3))).astype(bool)
    changed = delete(pixels, cells)
    np.testing.assert_array_equal(changed[~chosen], pixels[~chosen])
    assert (changed[chosen] != pixels[chosen]).all()
    assert changed[chosen].std() < pixels[chosen].std() / 3


def test_the_command_measures_every_map(lvit_folder, checkpoint_of_each_architecture, tmp_path, capsys):
    path = tmp_path / "maps.json"
    checkpoint = str(checkpoint_of_each_architecture)
    arguments = ["maps", "--data", str(lvit_folder), "--checkpoint", checkpoint, "--limit", "2", "--json", str(path)]
    app(arguments, standalone_mode=False)
    metrics = json.loads(path.read_text())
    assert metrics["n"] == 2
    assert {"causal_attention", "patches_of_interest"} & set(metrics["maps"])
    for name, values in metrics["maps"].items():
        assert -1 <= values["correlation"] <= 1, name
        assert values["lowest"] <= values["highest"]
    assert bool(metrics["words"]) is ("patches_of_interest" in metrics["maps"])


def test_no_radiograph_gives_no_numbers():
    assert MapValue().metrics() == {
        "n": 0,
        "deleted_share": SHARE,
        "random": {"probability_falls_by": None},
        "maps": {},
        "words": {},
    }

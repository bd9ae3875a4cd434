"""The segmenters of the worker: each checkpoint has its own, and new weights in a folder are noticed."""

import shutil

import numpy as np
import pytest

from CausalCLIPSegLib.model.card import FURTHER, find_checkpoint, installed_checkpoints, read_card, write_card
from CausalCLIPSegLib.segmenter import Segmenter
from CausalCLIPSegLib.worker.jobs.checkpoints import list_checkpoints
from CausalCLIPSegLib.worker.segmenters import Segmenters

NOTES = ("Consolidation in the right lower zone.", "Left basal opacity.")


@pytest.fixture
def further(tmp_path, monkeypatch, tiny_checkpoint_to_read, tiny_reclmis_to_read):
    """A folder of further checkpoints, one of each architecture."""
    shutil.copytree(tiny_checkpoint_to_read, tmp_path / "further" / "first")
    shutil.copytree(tiny_reclmis_to_read, tmp_path / "further" / "second")
    monkeypatch.setenv(FURTHER, str(tmp_path / "further"))
    return tmp_path / "further"


def test_another_checkpoint_never_gets_the_features_of_the_one_before(further, radiograph):
    fresh = {
        name: [Segmenter.from_checkpoint(name, "cpu").segment(radiograph, note).probability for note in NOTES]
        for name in ("first", "second")
    }
    segmenters = Segmenters()
    for name in ("first", "second", "first", "second"):
        for note, expected in zip(NOTES, fresh[name], strict=True):
            result = segmenters.get(name, "cpu").segment(radiograph, note)
            np.testing.assert_array_equal(result.probability, expected)
            assert result.provenance.architecture == {"first": "causalclipseg", "second": "reclmis"}[name]
    assert segmenters.get("first", "cpu") is segmenters.get(str(further / "first"), "cpu"), "loaded once"


def test_other_weights_in_the_same_folder_are_loaded(further):
    segmenters = Segmenters()
    before = segmenters.get("first", "cpu")
    other = segmenters.get("second", "cpu")
    shutil.rmtree(further / "first")
    shutil.copytree(further / "second", further / "first")
    after = segmenters.get("first", "cpu")
    assert (before.card.network.architecture, after.card.network.architecture) == ("causalclipseg", "reclmis")
    assert segmenters.get("first", "cpu") is after
    assert segmenters.get("second", "cpu") is other


def test_the_list_names_every_installed_checkpoint_with_its_title_the_default_first(further):
    write_card(read_card(further / "second").model_copy(update={"title": "A second network"}), further / "second")
    (further / "damaged").mkdir()
    (further / "damaged" / "card.json").write_text("{")
    listed = {each.name: each for each in list_checkpoints()}
    assert next(iter(listed)) == find_checkpoint("default").name
    assert {"first", "second"} <= set(listed)
    assert "damaged" not in listed
    assert (listed["first"].title, listed["second"].title) == ("tiny", "A second network")
    assert listed["second"].architecture == "reclmis"
    assert all(find_checkpoint(name) == folder for name, folder in installed_checkpoints().items())


def test_a_title_that_several_checkpoints_share_is_followed_by_the_name(further):
    """As those of networks that were trained with the same card."""
    shutil.copytree(find_checkpoint("default"), further / "mine")
    titles = {each.name: each.title for each in list_checkpoints()}
    assert len(set(titles.values())) == len(titles)
    shared = read_card(find_checkpoint("default")).title
    assert titles["mine"] == f"{shared} (mine)"
    assert titles["causalclipseg-lite0"] == f"{shared} (causalclipseg-lite0)"
    assert titles["reclmis-lite0"] == read_card(find_checkpoint("reclmis-lite0")).title


def test_a_further_checkpoint_does_not_take_the_place_of_an_embedded_one(further):
    embedded = find_checkpoint("default")
    shutil.copytree(further / "first", further / embedded.name)
    assert find_checkpoint(embedded.name) == find_checkpoint("default") == embedded


@pytest.mark.parametrize("folder", ["", "/nowhere", "a" * 5000])
def test_a_folder_that_is_not_there_offers_nothing(monkeypatch, folder):
    monkeypatch.delenv(FURTHER, raising=False)
    without = installed_checkpoints()
    monkeypatch.setenv(FURTHER, folder)
    assert installed_checkpoints() == without

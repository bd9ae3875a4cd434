"""The maps of a result as files, and the words in its caption."""

from dataclasses import replace

import numpy as np
import pytest
from made_results import hill, make_result
from PIL import Image

from CausalCLIPSegLib.export.caption import draw_caption
from CausalCLIPSegLib.export.directory import MAPS, write_result
from CausalCLIPSegLib.export.maps import PANEL_PIXELS, draw_maps
from CausalCLIPSegLib.export.report import describe_result
from CausalCLIPSegLib.maps import KNOWN, WORDS_WORTH
from CausalCLIPSegLib.result import NetworkMap, WordWeight

SHAPE = (90, 70)
FLAT = NetworkMap("a_map_of_tomorrow", np.full((4, 4), 0.5, np.float32))
PATCHES = NetworkMap("patches_of_interest", np.arange(16, dtype=np.float32).reshape(4, 4))


@pytest.fixture
def result(small_radiograph):
    return replace(make_result(small_radiograph, hill(SHAPE, 0.7, 0.25)), maps=(PATCHES, FLAT))


def test_the_files_hold_every_map_by_its_name(result, tmp_path):
    assert not set(MAPS) & set(write_result(result, tmp_path / "without"))
    written = write_result(result, tmp_path / "with", extra=MAPS)
    with np.load(written["maps.npz"]) as values:
        assert list(values) == ["probability", "patches_of_interest", "a_map_of_tomorrow"]
        np.testing.assert_array_equal(values["probability"], result.probability)
        assert {values[name].shape for name in values} == {SHAPE}
        assert values["patches_of_interest"].max() == 15
    with Image.open(written["maps.png"]) as picture:
        assert picture.width > 3 * PANEL_PIXELS / 2


def test_each_map_is_drawn_over_its_own_range_with_its_title_and_what_it_is_worth(result, texts):
    picture = np.asarray(draw_maps(result)).astype(int)
    said = " ".join(texts)
    assert said.index("Probability") < said.index("Patches of interest") < said.index("A map of tomorrow")
    assert "0.00 (dark) to 15.00 (bright)" in texts
    assert KNOWN["patches_of_interest"].worth in said
    panels = np.split(picture[:PANEL_PIXELS], 3, axis=1)
    colorful = [(np.ptp(panel, axis=2) > 40).mean() for panel in panels]
    assert colorful[0] > 0.02
    assert colorful[1] > 0.02
    assert colorful[2] == 0, "a map that is the same everywhere shows nothing"


def test_maps_of_a_result_without_maps_are_its_probability(result, tmp_path):
    picture = draw_maps(replace(result, maps=()))
    assert picture.width < PANEL_PIXELS


def test_an_earlier_map_does_not_outlive_its_result(result, tmp_path):
    write_result(result, tmp_path, extra=MAPS)
    write_result(result, tmp_path, force=True)
    assert not any((tmp_path / name).exists() for name in MAPS)


def test_the_caption_names_the_words_of_the_note_with_their_shares(result, texts):
    words = (
        WordWeight("infection", 0.125, ((0, 13),)),
        WordWeight("lung", 0.0625),
        WordWeight("left", 0.2, ((21, 26),)),
    )
    report = describe_result(replace(result, words=words))
    assert [each.spans for each in report.words] == [[(0, 13)], [], [(21, 26)]]
    draw_caption(report, None, 1600)
    assert "“Consolidation” 12 %, “right” 20 %, lung (prompt) 6 %" in texts
    assert WORDS_WORTH in " ".join(texts)


def test_a_network_without_weights_adds_nothing_to_the_caption(result, texts):
    draw_caption(describe_result(result), None, 1600)
    assert "Heard" not in texts

"""The picture for a report: what is on it, where, and what is not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageDraw

from CausalCLIPSegLib import RESEARCH_ONLY
from CausalCLIPSegLib.colors import BY_SIDE, to_uint8_rgb
from CausalCLIPSegLib.export import overlay
from CausalCLIPSegLib.export.overlay import FILM_PIXELS, draw_overlay, write_overlay
from CausalCLIPSegLib.laterality import SIDES, Side


@pytest.fixture
def words(monkeypatch) -> Iterator[list[tuple[float, str]]]:
    """What is lettered into the pictures of a test: the place from the left, and the text."""
    drawn: list[tuple[float, str]] = []
    text = ImageDraw.ImageDraw.text

    def note_down(self, xy, words, *args, **keywords):
        drawn.append((xy[0], words))
        return text(self, xy, words, *args, **keywords)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", note_down)
    return drawn


def dx_of_kind(result) -> Image.Image:
    return overlay._draw_film(result)


def ink(image: Image.Image, sides: tuple[Side, ...] = SIDES) -> np.ndarray:
    """Where the picture has the colour of the outline on one of the patient's sides."""
    pixels = np.asarray(image).astype(int)
    return np.any([np.abs(pixels - to_uint8_rgb(BY_SIDE[side])).max(axis=2) < 40 for side in sides], axis=0)


@pytest.mark.parametrize("shape", [(255, 255), (40, 31), (1955, 1841), (700, 3000), (2500, 60), (1, 7)])
def test_a_film_of_any_size_is_shown_at_the_same_size(make_radiograph, make_result, shape):
    film = make_radiograph(np.linspace(0, 1, shape[0] * shape[1]).reshape(shape), spacing=(0.2, 0.2))
    result = make_result(film, np.zeros(shape))
    shown = dx_of_kind(result)
    assert max(shown.size) == FILM_PIXELS
    assert shown.height / shown.width == pytest.approx(shape[0] / shape[1], rel=0.02)
    picture = draw_overlay(result)
    assert picture.mode == "RGB"
    assert picture.width >= 1000


def test_the_grey_is_the_films_and_nothing_covers_it(make_radiograph, make_result):
    pixels = np.linspace(0, 1, FILM_PIXELS).reshape(1, -1).repeat(FILM_PIXELS, axis=0)
    shown = np.asarray(dx_of_kind(make_result(make_radiograph(pixels), np.zeros(pixels.shape))))
    np.testing.assert_allclose(shown, np.rint(pixels * 255)[..., None].repeat(3, axis=2), atol=1)


@pytest.mark.parametrize("shape", [(255, 255), (2100, 2100)], ids=["enlarged", "reduced"])
def test_the_outline_runs_where_the_probability_passes_the_threshold(make_radiograph, make_result, shape):
    rows, columns = np.mgrid[: shape[0], : shape[1]] + 0.5
    distance = np.hypot(rows / shape[0] - 0.5, columns / shape[1] - 0.25)
    result = make_result(make_radiograph(np.zeros(shape)), np.clip(1 - distance / 0.3, 0, 1), threshold=0.5)
    y, x = np.nonzero(ink(dx_of_kind(result)))
    radius = np.hypot((y + 0.5) / FILM_PIXELS - 0.5, (x + 0.5) / FILM_PIXELS - 0.25) * FILM_PIXELS
    assert len(radius) > 2000
    assert radius.mean() == pytest.approx(0.15 * FILM_PIXELS, abs=0.7)
    assert np.abs(radius - 0.15 * FILM_PIXELS).max() < 4
    angles = np.arctan2(y - FILM_PIXELS / 2, x - FILM_PIXELS / 4)
    assert np.diff(np.sort(angles)).max() < 0.02, "the outline has a gap"


def test_each_outline_has_the_colour_of_its_segment(small_result):
    film = dx_of_kind(small_result)
    middle = film.width // 2
    assert ink(film, ("right",))[:, :middle].any()
    assert not ink(film, ("right",))[:, middle:].any()
    assert ink(film, ("left",))[:, middle:].any()
    assert not ink(film, ("left",))[:, :middle].any()


def test_the_outline_follows_a_mask_that_was_painted(small_result):
    painted = np.zeros((90, 70), dtype=bool)
    painted[20:40, 10:30] = True
    segment = replace(small_result.segments[0], mask=painted)
    y, x = np.nonzero(ink(dx_of_kind(replace(small_result, segments=(segment,)))))
    scale = FILM_PIXELS / 90
    assert [y.min() / scale, y.max() / scale, x.min() / scale, x.max() / scale] == pytest.approx(
        [20, 40, 10, 30], abs=0.5
    )
    assert not ink(dx_of_kind(small_result))[round(30 * scale), round(10 * scale)]


@pytest.mark.parametrize("side", [100, 255, 700])
def test_an_area_of_one_pixel_is_seen(make_radiograph, make_result, side):
    probability = np.zeros((side, side))
    probability[side // 2, side // 4] = 1
    y, x = np.nonzero(ink(dx_of_kind(make_result(make_radiograph(np.full((side, side), 0.5)), probability))))
    scale = FILM_PIXELS / side
    assert len(y)
    assert y.mean() == pytest.approx((side // 2 + 0.5) * scale, abs=1)
    assert x.mean() == pytest.approx((side // 4 + 0.5) * scale, abs=1)


def test_where_nothing_is_outlined_nothing_is_drawn(empty_result, words):
    assert not ink(draw_overlay(empty_result)).any()
    assert "Nothing: the probability reaches the threshold nowhere." in [text for _, text in words]


@pytest.mark.parametrize(
    ("mirrored", "letters"), [(None, "RL"), (False, "RL"), (True, "LR")], ids=["unknown", "usual", "mirrored"]
)
def test_the_sides_of_the_patient_stand_beside_the_film(small_result, small_film, words, mirrored, letters):
    draw_overlay(replace(small_result, radiograph=replace(small_film, mirrored=mirrored)))
    assert "".join(text for _, text in sorted(words) if text in ("R", "L")) == letters
    assert sum(text == "patient" for _, text in words) == 2
    said = " ".join(text for _, text in words)
    assert ("are the viewer's, with the film turned back." in said) is (mirrored is True)
    assert ("The film is mirrored" in said) is (mirrored is True)
    assert ("does not say how the film lies" in said) is (mirrored is None)


def test_the_caption_says_what_was_asked_and_found(small_result, words):
    draw_overlay(small_result)
    texts = [text for _, text in words]
    assert "Consolidation in the right lower zone." in texts
    assert "Unilateral pulmonary infection, one infected area, lower left lung." in texts
    assert "Left and right in this sentence are the viewer's." in texts
    right, left = (3 * segment.mask.sum() / 100 for segment in small_result.segments)
    said = " ".join(texts).replace("cm2", "cm²")
    assert f"Patient's right (viewer's left): {right:.1f} cm²" in said
    assert f"Patient's left (viewer's right): {left:.1f} cm²" in said
    assert f"Together: {left + right:.1f} cm²" in said
    assert "qata-lite0, 3fa9bc12, threshold 0.5" in texts
    assert texts.count(RESEARCH_ONLY) == 1


def test_a_film_without_calibration_has_no_lengths(real_result, words):
    draw_overlay(real_result)
    said = " ".join(text for _, text in words)
    assert f"{real_result.mask.mean():.1%} of the image" in said
    assert "cm" not in said
    assert "mm" not in said


def test_the_header_of_the_film_is_not_in_the_picture(real_result, real_film, words):
    draw_overlay(real_result)
    said = " ".join(text for _, text in words)
    for value in (real_film.header.PatientName, real_film.header.PatientID, real_film.header.SOPInstanceUID):
        assert str(value) not in said


@pytest.mark.parametrize(
    ("spacing", "bar"), [((0.2, 0.2), "5 cm"), ((1.0, 0.1), "2 cm"), ((0.01, 0.01), "2 mm"), ((2.0, 2.0), "50 cm")]
)
def test_the_scale_bar_is_as_long_as_it_says(make_radiograph, make_result, words, spacing, bar):
    film = make_radiograph(np.zeros((1400, 1200)), spacing=spacing)
    picture = draw_overlay(make_result(film, np.zeros((1400, 1200))))
    assert bar in [text for _, text in words]
    row = np.asarray(picture)[1400 + overlay._MARGIN + overlay._SCALE_STRIP // 2]
    light = np.flatnonzero(row[:, 0] > 200)
    longest = max(np.split(light, np.flatnonzero(np.diff(light) > 1) + 1), key=len)
    number, unit = bar.split()
    millimetres = float(number) * (10 if unit == "cm" else 1)
    assert len(longest) * spacing[1] == pytest.approx(millimetres, rel=0.01)


@pytest.mark.parametrize(
    "note",
    [
        "",
        "opacity " * 500,
        "x" * 5000,
        "Größere Verschattung, Erguß",
        "右肺下野可见斑片状高密度影",
        "a\nb\tc\0d \ud83d\ude00 \ud800",
    ],
    ids=["none", "long", "one word", "umlauts", "Chinese", "odd characters"],
)
def test_any_note_can_be_drawn(small_result, note):
    picture = draw_overlay(replace(small_result, note=note))
    assert picture.height < 2400


def test_the_file_is_the_picture(small_result, tmp_path):
    write_overlay(small_result, tmp_path / "overlay.png")
    with Image.open(tmp_path / "overlay.png") as written:
        assert written.format == "PNG"
        np.testing.assert_array_equal(np.asarray(written), np.asarray(draw_overlay(small_result)))

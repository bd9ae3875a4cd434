"""The picture for a report shows outlines, side markers, scale bar and caption, and no patient data."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_results import make_radiograph, make_result
from PIL import Image, ImageDraw

from CausalCLIPSegLib.about import RESEARCH_ONLY
from CausalCLIPSegLib.colors import BY_SIDE, to_uint8_rgb
from CausalCLIPSegLib.export import overlay
from CausalCLIPSegLib.export.overlay import RADIOGRAPH_PIXELS, draw_overlay, write_overlay
from CausalCLIPSegLib.laterality import SIDES, Side


@pytest.fixture
def texts(monkeypatch) -> list[tuple[float, str]]:
    """All texts that are drawn during a test, each with its x coordinate."""
    drawn: list[tuple[float, str]] = []
    draw = ImageDraw.ImageDraw.text

    def record(self, xy, text, *args, **kwargs):
        drawn.append((xy[0], text))
        return draw(self, xy, text, *args, **kwargs)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", record)
    return drawn


def joined(texts: list[tuple[float, str]]) -> str:
    return " ".join(text for _, text in texts)


def draw_radiograph(result) -> Image.Image:
    return overlay._draw_radiograph(result)


def outlined(picture: Image.Image, sides: tuple[Side, ...] = SIDES) -> np.ndarray:
    """Return where the picture has the color of the outline on one of the patient's sides."""
    pixels = np.asarray(picture).astype(int)
    return np.any([np.abs(pixels - to_uint8_rgb(BY_SIDE[side])).max(axis=2) < 40 for side in sides], axis=0)


@pytest.mark.parametrize("shape", [(255, 255), (40, 31), (1955, 1841), (700, 3000), (2500, 60), (1, 7)])
def test_radiographs_of_any_size_are_drawn_at_the_same_size(shape):
    radiograph = make_radiograph(np.linspace(0, 1, shape[0] * shape[1]).reshape(shape), spacing=(0.2, 0.2))
    result = make_result(radiograph, np.zeros(shape))
    drawn = draw_radiograph(result)
    assert max(drawn.size) == RADIOGRAPH_PIXELS
    assert drawn.height / drawn.width == pytest.approx(shape[0] / shape[1], rel=0.02)
    picture = draw_overlay(result)
    assert picture.mode == "RGB"
    assert picture.width >= 1000


def test_gray_values_are_kept_and_nothing_covers_them():
    pixels = np.linspace(0, 1, RADIOGRAPH_PIXELS).reshape(1, -1).repeat(RADIOGRAPH_PIXELS, axis=0)
    drawn = np.asarray(draw_radiograph(make_result(make_radiograph(pixels), np.zeros(pixels.shape))))
    np.testing.assert_allclose(drawn, np.rint(pixels * 255)[..., None].repeat(3, axis=2), atol=1)


@pytest.mark.parametrize("shape", [(255, 255), (2100, 2100)], ids=["enlarged", "reduced"])
def test_the_outline_is_where_the_probability_crosses_the_threshold(shape):
    rows, columns = np.mgrid[: shape[0], : shape[1]] + 0.5
    distance = np.hypot(rows / shape[0] - 0.5, columns / shape[1] - 0.25)
    result = make_result(make_radiograph(np.zeros(shape)), np.clip(1 - distance / 0.3, 0, 1), threshold=0.5)
    y, x = np.nonzero(outlined(draw_radiograph(result)))
    radius = np.hypot((y + 0.5) / RADIOGRAPH_PIXELS - 0.5, (x + 0.5) / RADIOGRAPH_PIXELS - 0.25) * RADIOGRAPH_PIXELS
    assert len(radius) > 2000
    assert radius.mean() == pytest.approx(0.15 * RADIOGRAPH_PIXELS, abs=0.7)
    assert np.abs(radius - 0.15 * RADIOGRAPH_PIXELS).max() < 4
    angles = np.arctan2(y - RADIOGRAPH_PIXELS / 2, x - RADIOGRAPH_PIXELS / 4)
    assert np.diff(np.sort(angles)).max() < 0.02, "the outline has a gap"


def test_each_outline_has_the_color_of_its_segment(small_result):
    drawn = draw_radiograph(small_result)
    middle = drawn.width // 2
    assert outlined(drawn, ("right",))[:, :middle].any()
    assert not outlined(drawn, ("right",))[:, middle:].any()
    assert outlined(drawn, ("left",))[:, middle:].any()
    assert not outlined(drawn, ("left",))[:, :middle].any()


def test_the_outline_follows_a_painted_mask(small_result):
    painted = np.zeros((90, 70), dtype=bool)
    painted[20:40, 10:30] = True
    segment = replace(small_result.segments[0], mask=painted)
    y, x = np.nonzero(outlined(draw_radiograph(replace(small_result, segments=(segment,)))))
    scale = RADIOGRAPH_PIXELS / 90
    assert [y.min() / scale, y.max() / scale, x.min() / scale, x.max() / scale] == pytest.approx(
        [20, 40, 10, 30], abs=0.5
    )
    assert not outlined(draw_radiograph(small_result))[round(30 * scale), round(10 * scale)]


@pytest.mark.parametrize("side", [100, 255, 700])
def test_an_area_of_one_pixel_is_visible(side):
    probability = np.zeros((side, side))
    probability[side // 2, side // 4] = 1
    y, x = np.nonzero(outlined(draw_radiograph(make_result(make_radiograph(np.full((side, side), 0.5)), probability))))
    scale = RADIOGRAPH_PIXELS / side
    assert len(y)
    assert y.mean() == pytest.approx((side // 2 + 0.5) * scale, abs=1)
    assert x.mean() == pytest.approx((side // 4 + 0.5) * scale, abs=1)


def test_an_empty_result_has_no_outline_and_says_so(empty_result, texts):
    assert not outlined(draw_overlay(empty_result)).any()
    assert "Nothing: the probability reaches the threshold nowhere." in [text for _, text in texts]


@pytest.mark.parametrize(
    ("mirrored", "letters", "remark"),
    [
        (None, "RL", "The file does not say how the radiograph is oriented"),
        (False, "RL", None),
        (True, "LR", "The radiograph is mirrored"),
    ],
    ids=["unknown", "usual", "mirrored"],
)
def test_side_markers_and_caption_follow_the_orientation(
    small_result, small_radiograph, texts, mirrored, letters, remark
):
    draw_overlay(replace(small_result, radiograph=replace(small_radiograph, mirrored=mirrored)))
    assert "".join(text for _, text in sorted(texts) if text in ("R", "L")) == letters
    assert sum(text == "patient" for _, text in texts) == 2
    caption = joined(texts)
    for sentence in ("The file does not say how the radiograph is oriented", "The radiograph is mirrored"):
        assert (sentence in caption) is (sentence == remark)
    assert ("are the viewer's, after the radiograph was mirrored back." in caption) is (mirrored is True)


def test_the_caption_holds_note_prompt_areas_and_model(small_result, texts):
    draw_overlay(small_result)
    lines = [text for _, text in texts]
    assert {"Note", "Prompt", "Outlined", "Model"} <= set(lines)
    assert "Consolidation in the right lower zone." in lines
    assert "Unilateral pulmonary infection, one infected area, lower left lung." in lines
    assert "Left and right in this prompt are the viewer's." in lines
    right, left = (3 * segment.mask.sum() / 100 for segment in small_result.segments)
    caption = joined(texts).replace("cm2", "cm²")
    assert f"Patient's right (viewer's left): {right:.1f} cm²" in caption
    assert f"Patient's left (viewer's right): {left:.1f} cm²" in caption
    assert f"Together: {left + right:.1f} cm²" in caption
    assert "qata-lite0, 3fa9bc12, threshold 0.5" in lines
    assert lines.count(RESEARCH_ONLY) == 1


def test_a_radiograph_without_calibration_has_no_lengths(real_result, texts):
    draw_overlay(real_result)
    assert f"{100 * real_result.mask.mean():.1f} % of the image" in joined(texts)
    assert "mm" not in joined(texts)


def test_the_picture_holds_nothing_from_the_header(real_result, texts):
    draw_overlay(real_result)
    header = real_result.radiograph.header
    for value in (header.PatientName, header.PatientID, header.SOPInstanceUID):
        assert str(value) not in joined(texts)


@pytest.mark.parametrize(
    ("spacing", "bar"), [((0.2, 0.2), "5 cm"), ((1.0, 0.1), "2 cm"), ((0.01, 0.01), "2 mm"), ((2.0, 2.0), "50 cm")]
)
def test_the_scale_bar_has_the_length_of_its_label(texts, spacing, bar):
    radiograph = make_radiograph(np.zeros((1400, 1200)), spacing=spacing)
    picture = draw_overlay(make_result(radiograph, np.zeros((1400, 1200))))
    assert bar in [text for _, text in texts]
    row = np.asarray(picture)[1400 + overlay._MARGIN + overlay._SCALE_STRIP // 2]
    light = np.flatnonzero(row[:, 0] > 200)
    longest = max(np.split(light, np.flatnonzero(np.diff(light) > 1) + 1), key=len)
    number, unit = bar.split()
    length_mm = float(number) * (10 if unit == "cm" else 1)
    assert len(longest) * spacing[1] == pytest.approx(length_mm, rel=0.01)


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
    ids=["empty", "long", "one word", "umlauts", "Chinese", "control characters and surrogates"],
)
def test_any_note_can_be_drawn(small_result, note):
    picture = draw_overlay(replace(small_result, note=note))
    assert picture.height < 2400


def test_write_overlay_writes_the_picture_as_png(small_result, tmp_path):
    write_overlay(small_result, tmp_path / "overlay.png")
    with Image.open(tmp_path / "overlay.png") as written:
        assert written.format == "PNG"
        np.testing.assert_array_equal(np.asarray(written), np.asarray(draw_overlay(small_result)))

"""The maps of a result as files: their values, and a picture of each over the radiograph."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from CausalCLIPSegLib.colors import MAP_RAMP
from CausalCLIPSegLib.export.fonts import TextFont, wrap
from CausalCLIPSegLib.maps import PROBABILITY, MapText, text_of
from CausalCLIPSegLib.model.resampling import BICUBIC, resample, to_radiograph_grid
from CausalCLIPSegLib.result import SegmentationResult

PANEL_PIXELS = 700
"""Longer side of the radiograph in the picture."""

_OPACITY = 0.6
_FIRST_SHOWN = 0.05  # share of the range of a map below which the radiograph is shown instead
_MARGIN, _BAR_HEIGHT, _TITLE_SIZE, _TEXT_SIZE = 24, 14, 28, 20
_LINE_HEIGHT = 1.4  # in text sizes
_LINES_OF_WORTH = 6
_BACKDROP, _TEXT_COLOR, _QUIET_COLOR = (14, 14, 16), (226, 226, 230), (168, 168, 174)


class _ShownMap(NamedTuple):
    name: str
    values: npt.NDArray[np.float32]
    low: float
    high: float

    @property
    def text(self) -> MapText:
        return text_of(self.name)


def write_map_values(result: SegmentationResult, path: Path) -> None:
    """Write all maps of a result to one .npz file, each under its name.

    Each is rows x columns of the radiograph: the probability float32 in [0, 1], the others float16.

    Raises:
        OSError: the file cannot be written.
    """
    rows, columns = result.radiograph.pixels.shape
    values: dict[str, npt.NDArray[Any]] = {PROBABILITY: result.probability}
    for each in result.maps:
        values[each.name] = to_radiograph_grid(each.values, rows, columns).astype(np.float16)
    with path.open("wb") as file:
        np.savez(file, allow_pickle=False, **values)


def write_map_pictures(result: SegmentationResult, path: Path) -> None:
    """Write `draw_maps(result)` to `path` as PNG.

    Raises:
        OSError: the file cannot be written.
    """
    draw_maps(result).save(path, format="PNG")


def draw_maps(result: SegmentationResult) -> Image.Image:
    """Draw each map over the radiograph, side by side, the probability first.

    Each has the colors of its own range, which stands below it together with its title and what it is worth.

    Returns:
        An RGB picture.
    """
    panels = [_draw_panel(result, each) for each in _maps(result)]
    height = max(panel.height for panel in panels)
    picture = Image.new("RGB", (sum(panel.width for panel in panels), height), _BACKDROP)
    left = 0
    for panel in panels:
        picture.paste(panel, (left, 0))
        left += panel.width
    return picture


def _maps(result: SegmentationResult) -> Iterator[_ShownMap]:
    yield _ShownMap(PROBABILITY, result.probability, 0.0, 1.0)
    for each in result.maps:
        yield _ShownMap(each.name, each.values, *each.range)


def _draw_panel(result: SegmentationResult, shown: _ShownMap) -> Image.Image:
    rows, columns = result.radiograph.pixels.shape
    scale = PANEL_PIXELS / max(rows, columns)
    width, height = max(1, round(columns * scale)), max(1, round(rows * scale))
    gray = resample(result.radiograph.pixels, height, width, BICUBIC).clip(0, 1)[..., None]
    values = resample(shown.values, height, width, BICUBIC)
    width_of_range = shown.high - shown.low or np.inf  # a map that is the same everywhere shows nothing
    share = ((values - shown.low) / width_of_range).clip(0, 1)[..., None]
    opacity = np.where(share < _FIRST_SHOWN, 0, _OPACITY)
    colored = gray * (1 - opacity) + _ramp(share) * opacity
    text_width = max(width, PANEL_PIXELS // 2)
    lines = _lines(shown, text_width)
    text_height = sum(round(size * _LINE_HEIGHT) for _, size, _ in lines)
    panel = Image.new("RGB", (text_width + 2 * _MARGIN, height + 3 * _MARGIN + _BAR_HEIGHT + text_height), _BACKDROP)
    left = _MARGIN + (text_width - width) // 2
    panel.paste(Image.fromarray(np.rint(255 * colored).astype(np.uint8)), (left, _MARGIN))
    bar = np.broadcast_to(_ramp(np.linspace(0, 1, text_width)[None, :, None]), (_BAR_HEIGHT, text_width, 3))
    y = height + 2 * _MARGIN
    panel.paste(Image.fromarray(np.rint(255 * bar).astype(np.uint8)), (_MARGIN, y))
    draw, y = ImageDraw.Draw(panel), y + _BAR_HEIGHT
    font = TextFont("".join(text for text, _, _ in lines))
    for text, size, color in lines:
        y += round(size * _LINE_HEIGHT)
        draw.text((_MARGIN, y), text, color, font.at_size(size), anchor="ls")
    return panel


def _lines(shown: _ShownMap, width: int) -> list[tuple[str, int, tuple[int, int, int]]]:
    """Return the lines below a map: text, size and color."""
    scale = f"{shown.low:.2f} (dark) to {shown.high:.2f} (bright)"
    font = TextFont(shown.text.worth).at_size(_TEXT_SIZE)
    worth = wrap(shown.text.worth, font, width, _LINES_OF_WORTH)
    return [
        (shown.text.title, _TITLE_SIZE, _TEXT_COLOR),
        (scale, _TEXT_SIZE, _QUIET_COLOR),
        *((line, _TEXT_SIZE, _QUIET_COLOR) for line in worth),
    ]


def _ramp(share: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """Return the colors of shares of the range, ... x 1, as ... x 3 in [0, 1]."""
    low, high = (np.array(color) for color in MAP_RAMP)
    return low + share * (high - low)

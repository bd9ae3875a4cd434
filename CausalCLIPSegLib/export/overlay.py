"""A result as a picture for a report: the film, the outline, whose side is whose, and a caption."""

import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw
from scipy import ndimage, special

from CausalCLIPSegLib.colors import to_uint8_rgb
from CausalCLIPSegLib.export.caption import draw_caption
from CausalCLIPSegLib.export.fonts import Lettering
from CausalCLIPSegLib.export.report import ResultDocument, describe_result
from CausalCLIPSegLib.laterality import SIDES, side_in_image
from CausalCLIPSegLib.result import Segment, SegmentationResult

_Map = npt.NDArray[np.floating]

FILM_PIXELS = 1400
"""Longer side of the film in the picture."""

_CASING, _BACKDROP, _BORDER, _MARKER = (0, 0, 0), (14, 14, 16), (58, 58, 62), (226, 226, 230)
_INK_WIDTH, _CASING_WIDTH = 3.2, 6.4
_LEAST_SMOOTHING, _PIXEL_SMOOTHING = 1.5, 0.5  # in pixels of the picture, and of the film: a mask shows few steps
_SIDE_MARGIN, _MARGIN, _SCALE_STRIP = 116, 36, 84
_LEAST_WIDTH, _LEAST_HEIGHT = 1000, 160
_LETTER, _SMALL = 64, 24


def draw_overlay(result: SegmentationResult, report: ResultDocument | None = None) -> Image.Image:
    """Draw the film with the outline of each segment in the segment's colour, and a caption below.

    The longer side of the film takes 1400 pixels, whatever its size. Pixels stay square, also where the detector's
    rows and columns are spaced differently. Nothing but the outline is drawn on the film itself: the side markers
    stand beside it and, where the film is calibrated, a scale bar below it, as long as on the detector along a row.
    The caption holds the note and what was made of it, and nothing of the film's header.

    Args:
        result: pixels and probability float32 in [0, 1], masks bool, all rows x columns.
        report: what `describe_result` returned for this result; None: made here.

    Returns:
        An RGB picture.
    """
    view = _draw_view(result)
    caption = draw_caption(report or describe_result(result), result.radiograph.mirrored, view.width)
    picture = Image.new("RGB", (view.width, view.height + caption.height))
    picture.paste(view, (0, 0))
    picture.paste(caption, (0, view.height))
    return picture


def write_overlay(result: SegmentationResult, path: Path, *, report: ResultDocument | None = None) -> None:
    """Write `draw_overlay(result, report)` to `path` as PNG; an existing file is replaced.

    Raises:
        OSError: the file cannot be written.
    """
    draw_overlay(result, report).save(path, format="PNG")


def _draw_view(result: SegmentationResult) -> Image.Image:
    """Draw the film with its outlines on a dark ground, with side markers and scale bar around it."""
    film = _draw_film(result)
    spacing = result.radiograph.spacing
    width = max(film.width + 2 * _SIDE_MARGIN, _LEAST_WIDTH)
    room = max(film.height, _LEAST_HEIGHT)
    height = room + _MARGIN + (_MARGIN if spacing is None else _SCALE_STRIP)
    left = (width - film.width) // 2
    top = _MARGIN + (room - film.height) // 2
    right, bottom = left + film.width, top + film.height
    view = Image.new("RGB", (width, height), _BACKDROP)
    view.paste(film, (left, top))
    draw = ImageDraw.Draw(view)
    draw.rectangle((left - 1, top - 1, right, bottom), outline=_BORDER)
    lettering = Lettering("patientRLcm 0123456789")
    for side in SIDES:
        outward = -1 if side_in_image(side, result.radiograph.mirrored) == "left" else 1
        x, y = (left if outward < 0 else right) + outward * _SIDE_MARGIN // 2, (top + bottom) // 2
        draw.text((x, y - _LETTER // 2), "patient", _MARKER, lettering.font(_SMALL), anchor="ms")
        draw.text((x, y + _LETTER // 2), side[0].upper(), _MARKER, lettering.font(_LETTER), anchor="ms")
    if spacing is not None:
        columns = result.radiograph.pixels.shape[1]
        length, words = _scale_bar(film.width, spacing[1] * columns / film.width)
        y = height - _SCALE_STRIP // 2
        draw.rectangle((right - length, y - 3, right, y + 2), _MARKER)
        draw.text((right - length - 16, y), words, _MARKER, lettering.font(_SMALL), anchor="rm")
    return view


def _draw_film(result: SegmentationResult) -> Image.Image:
    """Draw the film and its outlines at display size."""
    rows, columns = result.radiograph.pixels.shape
    scale = FILM_PIXELS / max(rows, columns)
    size = max(1, round(columns * scale)), max(1, round(rows * scale))
    grey = np.clip(_resize(result.radiograph.pixels, size), 0, 1) * 255
    film = Image.fromarray(np.rint(grey).astype(np.uint8)).convert("RGB")
    distances = [_distance_from_outline(segment, result, size) for segment in result.segments]
    for distance in distances:  # a dark line under each colour holds it on white bone
        _draw_line(film, _CASING, distance, _CASING_WIDTH)
    for segment, distance in zip(result.segments, distances, strict=True):
        _draw_line(film, to_uint8_rgb(segment.color), distance, _INK_WIDTH)
    return film


def _draw_line(film: Image.Image, color: tuple[int, int, int], distance: _Map, line_width: float) -> None:
    cover = np.clip(line_width / 2 + 0.5 - distance, 0, 1) * 255
    film.paste(color, mask=Image.fromarray(np.rint(cover).astype(np.uint8)))


def _distance_from_outline(segment: Segment, result: SegmentationResult, size: tuple[int, int]) -> _Map:
    """Return how far each pixel of the film at display `size` lies from the segment's outline, in pixels.

    The outline is where the enlarged probability passes the threshold; where the mask says otherwise, because somebody
    cut or painted it, the outline follows the mask. Blurred by a Gaussian, a straight edge is the normal distribution
    of the distance from it; its inverse gives the distance in parts of a pixel, and infinity far away.
    """
    margin = np.maximum(np.abs(result.probability - result.threshold), 1e-3)
    inside = _resize(np.where(segment.mask, margin, -margin), size) >= 0
    smoothing = max(_LEAST_SMOOTHING, _PIXEL_SMOOTHING * size[0] / segment.mask.shape[1])
    blurred = ndimage.gaussian_filter(inside.astype(np.float64), smoothing, mode="constant")
    return np.abs(smoothing * special.ndtri(np.clip(blurred, 0, 1)))


def _resize(image: npt.NDArray[np.floating], size: tuple[int, int]) -> _Map:
    return np.asarray(Image.fromarray(image.astype(np.float32)).resize(size, Image.Resampling.BICUBIC))


def _scale_bar(film_width: int, millimetres_per_pixel: float) -> tuple[int, str]:
    """Return the length in pixels, and the words, of the longest round bar within a quarter of the film."""
    longest = film_width / 4 * millimetres_per_pixel
    decade = 10.0 ** math.floor(math.log10(longest))
    millimetres = max(step * decade for step in (1, 2, 5) if step * decade <= longest)
    words = f"{millimetres:g} mm" if millimetres < 10 else f"{millimetres / 10:g} cm"
    return round(millimetres / millimetres_per_pixel), words

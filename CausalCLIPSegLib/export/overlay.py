"""A result as a picture for a report: the radiograph, the outlines, side markers, and a caption."""

from __future__ import annotations

import math
from pathlib import Path
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from CausalCLIPSegLib.bounding_box import bounding_box
from CausalCLIPSegLib.colors import to_uint8_rgb
from CausalCLIPSegLib.export.caption import draw_caption
from CausalCLIPSegLib.export.fonts import TextFont
from CausalCLIPSegLib.export.report import ResultDocument, describe_result
from CausalCLIPSegLib.laterality import SIDES, side_in_image
from CausalCLIPSegLib.model.resampling import BICUBIC, Kernel, filter_rows, resample
from CausalCLIPSegLib.result import Segment, SegmentationResult

_Distances = npt.NDArray[np.floating]

RADIOGRAPH_PIXELS = 1400
"""Longer side of the radiograph in the picture."""

_CASING, _BACKDROP, _BORDER, _MARKER = (0, 0, 0), (14, 14, 16), (58, 58, 62), (226, 226, 230)
_INK_WIDTH, _CASING_WIDTH = 3.2, 6.4
_MIN_SMOOTHING, _PIXEL_SMOOTHING = 1.5, 0.5  # in pixels of the picture, and of the radiograph; hides pixel steps
_MIN_DASHES, _DASH_AND_GAP, _DASH_SHARE = 8, 36, 0.6  # number, pixels of the picture, share of a dash
_BLUR_REACH = 4  # in standard deviations
_DEVIATIONS = np.linspace(-3, 3, 601)  # a wider line than the casing does not occur
_SHARES = np.array([NormalDist().cdf(each) for each in _DEVIATIONS])
_SIDE_MARGIN, _MARGIN, _SCALE_STRIP = 116, 36, 84
_MIN_WIDTH, _MIN_HEIGHT = 1000, 160
_LARGE_TEXT, _SMALL_TEXT = 64, 24
_COMPRESSION = 2  # with one filter for all rows thrice as fast as the defaults, for a file that is a tenth larger


def draw_overlay(result: SegmentationResult, report: ResultDocument | None = None) -> Image.Image:
    """Draw the radiograph with the outline of each segment in the segment's color, and a caption below.

    The longer side of the radiograph takes 1400 pixels. Its pixels are drawn square, even if rows and columns are
    spaced differently. Only the outlines cover the radiograph. The side markers are beside it. Below a calibrated
    radiograph there is a scale bar, for lengths along a row in the plane of the detector. The caption holds the note
    and the result, and nothing from the DICOM header.

    Areas that lie outside the places of the note have dashed outlines.

    Args:
        result: pixels and probability float32 in [0, 1], masks bool, all rows x columns.
        report: what `describe_result` returned for this result; None: describe it here.

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
    from imagecodecs import PNG, png_encode  # its native libraries take much memory

    picture = np.asarray(draw_overlay(result, report))
    path.write_bytes(png_encode(picture, level=_COMPRESSION, filter=PNG.FILTER.UP))


def _draw_view(result: SegmentationResult) -> Image.Image:
    """Draw the radiograph with its outlines on a dark background, with side markers and scale bar around it."""
    radiograph = _draw_radiograph(result)
    spacing = result.radiograph.spacing
    width = max(radiograph.width + 2 * _SIDE_MARGIN, _MIN_WIDTH)
    frame_height = max(radiograph.height, _MIN_HEIGHT)
    height = frame_height + _MARGIN + (_MARGIN if spacing is None else _SCALE_STRIP)
    left = (width - radiograph.width) // 2
    top = _MARGIN + (frame_height - radiograph.height) // 2
    right, bottom = left + radiograph.width, top + radiograph.height
    view = Image.new("RGB", (width, height), _BACKDROP)
    view.paste(radiograph, (left, top))
    draw = ImageDraw.Draw(view)
    draw.rectangle((left - 1, top - 1, right, bottom), outline=_BORDER)
    font = TextFont("patientRLcm 0123456789")
    for side in SIDES:
        on_left = side_in_image(side, result.radiograph.mirrored) == "left"
        x, y = left - _SIDE_MARGIN // 2 if on_left else right + _SIDE_MARGIN // 2, (top + bottom) // 2
        draw.text((x, y - _LARGE_TEXT // 2), "patient", _MARKER, font.at_size(_SMALL_TEXT), anchor="ms")
        draw.text((x, y + _LARGE_TEXT // 2), side[0].upper(), _MARKER, font.at_size(_LARGE_TEXT), anchor="ms")
    if spacing is not None:
        columns = result.radiograph.pixels.shape[1]
        length, label = _scale_bar(radiograph.width, spacing[1] * columns / radiograph.width)
        y = height - _SCALE_STRIP // 2
        draw.rectangle((right - length, y - 3, right, y + 2), _MARKER)
        draw.text((right - length - 16, y), label, _MARKER, font.at_size(_SMALL_TEXT), anchor="rm")
    return view


def _draw_radiograph(result: SegmentationResult) -> Image.Image:
    """Draw the radiograph and its outlines at display size."""
    rows, columns = result.radiograph.pixels.shape
    scale = RADIOGRAPH_PIXELS / max(rows, columns)
    size = max(1, round(columns * scale)), max(1, round(rows * scale))
    gray = resample(result.radiograph.pixels, size[1], size[0], BICUBIC).clip(0, 1) * 255
    picture = Image.fromarray(np.rint(gray).astype(np.uint8)).convert("RGB")
    candidates = [candidate.segment for candidate in result.candidates]
    outlines = [_find_outline(segment, result, size) for segment in result.segments]
    outlines += [_dashed(_find_outline(segment, result, size)) for segment in candidates]
    for outline in outlines:  # a dark line under the colored one makes it visible on white bone
        _draw_line(picture, _CASING, outline, _CASING_WIDTH)
    for segment, outline in zip((*result.segments, *candidates), outlines, strict=True):
        _draw_line(picture, to_uint8_rgb(segment.color), outline, _INK_WIDTH)
    return picture


class _Outline(NamedTuple):
    """The part of the picture around a segment.

    Attributes:
        near: bool: the pixels near the outline.
        distance: of each of these pixels from the outline, in pixels.
        corner: left and top of this part in the picture.
    """

    near: npt.NDArray[np.bool_]
    distance: _Distances
    corner: tuple[int, int]


def _draw_line(picture: Image.Image, color: tuple[int, int, int], outline: _Outline, line_width: float) -> None:
    """Draw an antialiased line of a width in pixels along an outline."""
    cover = np.zeros(outline.near.shape, np.uint8)
    cover[outline.near] = np.rint(np.clip(line_width / 2 + 0.5 - outline.distance, 0, 1) * 255)
    picture.paste(color, outline.corner, mask=Image.fromarray(cover))


def _find_outline(segment: Segment, result: SegmentationResult, size: tuple[int, int]) -> _Outline:
    """Find the outline of a segment in a picture of `size` (width, height).

    The outline is where the enlarged probability crosses the threshold, or the edge of the mask if the mask was cut or
    painted. A straight edge blurred by a Gaussian is the normal distribution function of the distance from the edge.
    The inverse function gives the distance with subpixel accuracy.
    """
    mask = segment.mask
    smoothing = max(_MIN_SMOOTHING, _PIXEL_SMOOTHING * size[0] / mask.shape[1])
    around = math.ceil(_BLUR_REACH * smoothing + _CASING_WIDTH)
    rows, columns = (
        _Range.around(covered, around, length, target)
        for covered, length, target in zip(bounding_box(mask), mask.shape, size[::-1], strict=True)
    )
    source = rows.source, columns.source
    margin = np.maximum(np.abs(result.probability[source] - result.threshold), np.float32(1e-3))
    signed = np.where(mask[source], margin, -margin)
    inside = filter_rows(filter_rows(signed, rows.centers, rows.kernel).T, columns.centers, columns.kernel).T >= 0
    gaussian = Kernel(_normal_density, _BLUR_REACH, smoothing)
    padded = np.pad(inside, around)  # outside of the picture nothing is covered
    places = [np.arange(around, around + length, dtype=np.float64) for length in inside.shape]
    blurred = filter_rows(filter_rows(padded, places[0], gaussian).T, places[1], gaussian).T
    near = (blurred > _SHARES[0]) & (blurred < _SHARES[-1])
    distance = smoothing * np.abs(np.interp(blurred[near], _SHARES, _DEVIATIONS))
    return _Outline(near, distance, (columns.start, rows.start))


def _normal_density(distance: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.exp(-0.5 * distance**2) * (distance <= _BLUR_REACH)


def _dashed(outline: _Outline) -> _Outline:
    """Cut gaps into an outline, by the angle around its middle; a long area is seen as a round one."""
    height, width = outline.near.shape
    y, x = np.nonzero(outline.near)
    angle = np.arctan2(y / height - 0.5, x / width - 0.5)
    dashes = max(_MIN_DASHES, round(2 * (height + width) / _DASH_AND_GAP))
    gap = angle * dashes / (2 * math.pi) % 1 > _DASH_SHARE
    return outline._replace(distance=np.where(gap, math.inf, outline.distance))


class _Range(NamedTuple):
    """Rows or columns of the picture, and the pixels of the radiograph from which they are resampled.

    Attributes:
        start: the first in the picture.
        source: in the radiograph, with the neighbors that the filter needs.
        centers: the place of each in `source`, in pixels of the radiograph.
        kernel: the filter.
    """

    start: int
    source: slice
    centers: npt.NDArray[np.float64]
    kernel: Kernel

    @classmethod
    def around(cls, covered: slice, around: int, length: int, target: int) -> _Range:
        """Return the range with `around` pixels of the picture on both sides of the pixels that a mask covers."""
        scale = length / target
        start = max(0, math.floor(covered.start / scale) - around)
        stop = min(target, math.ceil(covered.stop / scale) + around)
        kernel = BICUBIC.widened(scale)
        centers = (np.arange(start, stop) + 0.5) * scale - 0.5
        first = max(0, math.floor(centers[0] - kernel.reach))
        last = min(length, math.ceil(centers[-1] + kernel.reach) + 1)
        return cls(start, slice(first, last), centers - first, kernel)


def _scale_bar(radiograph_width: int, mm_per_pixel: float) -> tuple[int, str]:
    """Return length in pixels and label of the longest round scale bar within a quarter of the radiograph's width."""
    longest = radiograph_width / 4 * mm_per_pixel
    decade = 10.0 ** math.floor(math.log10(longest))
    length_mm = max(step * decade for step in (1, 2, 5) if step * decade <= longest)
    label = f"{length_mm:g} mm" if length_mm < 10 else f"{length_mm / 10:g} cm"
    return round(length_mm / mm_per_pixel), label

"""Color that is no information is taken away with a warning; a color image is rejected."""

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from CausalCLIPSegLib.errors import RadiographError
from CausalCLIPSegLib.radiograph import read_radiograph
from CausalCLIPSegLib.radiograph.grayscale import COLOR_TINT, COLORED_MARKS, to_grayscale

FORMATS = {"png": {}, "tif": {}, "bmp": {}, "webp": {"lossless": True}, "jpg": {"quality": 95, "subsampling": 0}}


@pytest.fixture(scope="module")
def gray():
    """Return 8-bit values, 240 x 200, with the broad histogram of a radiograph."""
    noise = np.random.default_rng(3).normal(size=(240, 200))
    smooth = ndimage.gaussian_filter(noise, 12)
    smooth = (smooth - smooth.min()) / np.ptp(smooth)
    return np.round(250 * smooth).astype(np.uint8)


def multiplied(red, green, blue):
    return lambda gray: np.stack([gray * red, gray * green, gray * blue], axis=-1)


def added(red, green, blue):
    return lambda gray: gray[..., np.newaxis] + np.array([red, green, blue], float)


def marked(color, share, opacity=1.0):
    """Return a function that paints a strip with this share of the pixels."""

    def paint(gray):
        values = np.stack([gray] * 3, axis=-1).astype(float)
        strip = values[20:50, : int(share * gray.size / 30)]
        strip[:] = (1 - opacity) * strip + opacity * np.array(color)
        return values

    return paint


def noisy(gray):
    noise = np.random.default_rng(0).normal(0, 6, (*gray.shape, 3))
    return gray[..., np.newaxis] + noise - noise.mean(axis=2, keepdims=True)


TINTS = {
    "blue base of a film": multiplied(0.7, 0.85, 1),
    "strong blue": multiplied(0.45, 0.6, 1),
    "sepia": multiplied(1, 0.9, 0.7),
    "green monitor": multiplied(0.7, 1, 0.8),
    "white balance": added(0, 0, 25),
    "noise of color": noisy,
    "tint and text": lambda gray: np.where(
        marked((0, 255, 255), 0.01)(gray) == 255, (0, 255, 255), multiplied(1, 0.9, 0.8)(gray)
    ),
}
MARKS = {
    "cyan text": marked((0, 255, 255), 0.01),
    "red text": marked((255, 0, 0), 0.002),
    "yellow text": marked((255, 255, 0), 0.04),
    "green watermark": marked((0, 255, 0), 0.04, opacity=0.3),
}


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize(
    ("kind", "warning"), [*((k, COLOR_TINT) for k in TINTS), *((k, COLORED_MARKS) for k in MARKS)]
)
def test_color_that_is_no_information_is_taken_away(tmp_path, gray, ending, kind, warning):
    values = np.clip((TINTS | MARKS)[kind](gray), 0, 255).astype(np.uint8)
    Image.fromarray(values).save(tmp_path / f"image.{ending}", **FORMATS[ending])
    radiograph = read_radiograph(tmp_path / f"image.{ending}")
    assert warning in radiograph.warnings
    difference = np.abs(radiograph.pixels - gray / 255)
    assert np.quantile(difference, 0.94) < 0.03
    assert np.corrcoef(radiograph.pixels[60:].ravel(), gray[60:].ravel())[0, 1] > 0.99


def photograph(gray):
    """Return an image whose channels are unrelated."""
    return np.stack([gray, gray[::-1], gray[:, ::-1]], axis=-1)


def ramp(*colors):
    """Return a function that shows gray with a color map through evenly spaced colors."""
    stops = np.linspace(0, 255, len(colors))
    return lambda gray: np.stack([np.interp(gray, stops, channel) for channel in np.transpose(colors)], axis=-1)


HEAT = ramp((0, 0, 130), (0, 80, 255), (60, 255, 180), (255, 200, 0), (130, 0, 0))
VIRIDIS = ramp((68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37))


def overlaid(gray):
    """Return a radiograph on which a heat map covers a quarter."""
    values = np.stack([gray] * 3, axis=-1).astype(float)
    values[60:180, 50:150] = HEAT(gray[60:180, 50:150])
    return values


COLORED = {
    "photograph": photograph,
    "heat map": HEAT,
    "viridis": VIRIDIS,
    "fire": ramp((0, 0, 0), (255, 0, 0), (255, 255, 0), (255, 255, 255)),
    "heat map on a part": overlaid,
    "filled outline": marked((255, 0, 0), 0.12, opacity=0.4),
    "one channel": multiplied(0, 1, 0),
    "noise": lambda gray: np.random.default_rng(0).integers(0, 256, (*gray.shape, 3)),
}


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize("kind", COLORED)
def test_color_that_is_information_is_rejected(tmp_path, gray, ending, kind):
    values = np.clip(COLORED[kind](gray), 0, 255).astype(np.uint8)
    Image.fromarray(values).save(tmp_path / f"image.{ending}", **FORMATS[ending])
    with pytest.raises(RadiographError, match="in color"):
        read_radiograph(tmp_path / f"image.{ending}")


def test_transparent_color_is_not_seen(gray):
    opacity = np.full(gray.shape, 255, np.uint8)
    opacity[:60] = 0
    values = np.dstack([photograph(gray)[:60].tolist() + np.stack([gray] * 3, axis=-1)[60:].tolist(), opacity])
    pixels, warnings = to_grayscale(values.astype(np.uint8), 255)
    assert warnings == ()
    np.testing.assert_allclose(pixels, np.where(opacity, gray / 255, 0), atol=1e-6)


@pytest.mark.parametrize("full_scale", [255, 4095, 65535])
def test_depth_does_not_matter(gray, full_scale):
    values = np.round(TINTS["sepia"](gray) * (full_scale / 255)).astype(np.uint16)
    pixels, warnings = to_grayscale(values, full_scale)
    assert warnings == (COLOR_TINT,)
    np.testing.assert_allclose(pixels, gray / 255, atol=1e-3)

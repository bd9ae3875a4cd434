"""Reading PNG, JPEG, TIFF, WebP and BMP files."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from CausalCLIPSegLib.radiograph import read_radiograph

QUICK = settings(deadline=None, max_examples=25)
SHAPES = st.tuples(st.integers(32, 50), st.integers(32, 50))


def distinct(values):
    return np.unique(values).size > 1


def in_order(values, pixels):
    """Return whether pixels never decrease when values increase."""
    return (np.diff(pixels.ravel()[np.argsort(values, axis=None, kind="stable")]) >= 0).all()


@pytest.fixture(scope="module")
def gray(stored):
    return (stored >> 4).astype(np.uint8)


@pytest.mark.parametrize("ending", ["png", "tif", "tiff", "bmp"])
@QUICK
@given(values=hnp.arrays(np.uint8, SHAPES, elements=st.integers(0, 255), fill=st.integers(0, 255)).filter(distinct))
def test_8_bits_are_divided_by_255(folder, ending, values):
    path = folder / f"image.{ending}"
    Image.fromarray(values).save(path)
    radiograph = read_radiograph(path)
    assert np.array_equal(radiograph.pixels, values / np.float32(255))
    assert radiograph.pixels.dtype == np.float32
    assert radiograph.spacing is radiograph.header is radiograph.mirrored is None
    assert np.array_equal(radiograph.affine, np.eye(4))
    assert radiograph.name == path.name


@pytest.mark.parametrize("ending", ["png", "tif"])
@QUICK
@given(
    values=hnp.arrays(np.uint16, SHAPES, elements=st.integers(0, 65535), fill=st.integers(0, 65535)).filter(distinct)
)
def test_16_bits_are_stretched(folder, ending, values):
    path = folder / f"image16.{ending}"
    Image.fromarray(values).save(path)
    pixels = read_radiograph(path).pixels
    assert pixels.shape == values.shape
    assert pixels.dtype == np.float32
    assert (pixels.min(), pixels.max()) == (0, 1)
    assert in_order(values, pixels)


FLOATS = st.floats(-(2.0**127), 2.0**127, width=32, allow_subnormal=False)


@QUICK
@given(values=hnp.arrays(np.float32, SHAPES, elements=FLOATS, fill=FLOATS).filter(distinct))
def test_float_tiff_is_stretched(folder, values):
    path = folder / "image32.tif"
    Image.fromarray(values).save(path)
    pixels = read_radiograph(path).pixels
    assert pixels.shape == values.shape
    assert 0 <= pixels.min() < pixels.max() <= 1
    assert in_order(values, pixels)


@QUICK
@given(quality=st.integers(60, 95), in_color=st.booleans())
def test_lossy_jpeg_gives_similar_pixels(folder, stored, quality, in_color):
    values = (stored >> 4).astype(np.uint8)
    path = folder / "image.jpg"
    image = Image.fromarray(values)
    (image.convert("RGB") if in_color else image).save(path, quality=quality)
    pixels = read_radiograph(path).pixels
    assert pixels.shape == values.shape
    assert np.abs(pixels - values / 255).mean() < 0.03


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_are_black(tmp_path, stored, value):
    values = stored.astype(np.float32)
    values[3, 4] = value
    Image.fromarray(values).save(tmp_path / "image.tif")
    pixels = read_radiograph(tmp_path / "image.tif").pixels
    assert np.isfinite(pixels).all()
    assert pixels[3, 4] == 0


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "P"])
@pytest.mark.parametrize("ending", ["png", "tif"])
def test_reads_gray_in_other_modes(tmp_path, gray, mode, ending):
    path = tmp_path / f"image.{ending}"
    Image.fromarray(gray).convert(mode).save(path)
    assert np.allclose(read_radiograph(path).pixels, gray / 255, atol=1e-6)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P"])
def test_reads_gray_bmp(tmp_path, gray, mode):
    image = Image.fromarray(gray).convert(mode)
    if mode == "P":  # an inverted palette, since Pillow reads a plain gray one as L
        image = Image.fromarray(255 - gray)
        image.putpalette([255 - index for index in range(256) for _ in "RGB"])
    image.save(tmp_path / "image.bmp")
    assert np.array_equal(read_radiograph(tmp_path / "image.bmp").pixels, gray / np.float32(255))


def test_reads_webp(tmp_path, gray):
    Image.fromarray(gray).save(tmp_path / "image.webp", lossless=True)
    assert np.array_equal(read_radiograph(tmp_path / "image.webp").pixels, gray / np.float32(255))


def test_reads_gray_cmyk_jpeg(tmp_path, gray):
    Image.merge("CMYK", [Image.new("L", gray.shape[::-1])] * 3 + [Image.fromarray(255 - gray)]).save(
        tmp_path / "image.jpg", quality=95
    )
    assert np.abs(read_radiograph(tmp_path / "image.jpg").pixels - gray / 255).mean() < 0.03


def test_transparent_pixels_are_black(tmp_path, gray):
    opacity = np.full_like(gray, 255)
    opacity[:5] = 0
    Image.merge("LA", [Image.fromarray(gray), Image.fromarray(opacity)]).save(tmp_path / "image.png")
    pixels = read_radiograph(tmp_path / "image.png").pixels
    assert (pixels[:5] == 0).all()
    assert np.allclose(pixels[5:], gray[5:] / 255)


def test_channels_may_differ_a_little(tmp_path, gray):
    values = np.stack([gray, gray, gray], axis=-1)
    values[..., 0] = np.minimum(values[..., 0], 250) + 3
    Image.fromarray(values).save(tmp_path / "image.png")
    assert np.allclose(read_radiograph(tmp_path / "image.png").pixels, gray / 255)


TURNS = {
    1: lambda a: a,
    2: np.fliplr,
    3: lambda a: np.rot90(a, 2),
    4: np.flipud,
    5: np.transpose,
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(a, 2).T,
    8: np.rot90,
}


@pytest.mark.parametrize("orientation", TURNS)
@pytest.mark.parametrize("ending", ["png", "tif", "jpg"])
def test_exif_orientation_is_applied(tmp_path, gray, orientation, ending):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"image.{ending}"
    Image.fromarray(gray).save(path, exif=exif, **({"quality": 98} if ending == "jpg" else {}))
    expected = TURNS[orientation](gray) / 255
    pixels = read_radiograph(path).pixels
    assert pixels.shape == expected.shape
    assert np.abs(pixels - expected).max() < (0.05 if ending == "jpg" else 1e-6)
    assert pixels.flags.c_contiguous


@pytest.mark.parametrize("orientation", TURNS)
@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_adobe_deflate"])
def test_orientation_of_16_bit_tiff_is_applied(tmp_path, stored, orientation, compression):
    Image.fromarray(stored).save(tmp_path / "plain.tif")
    Image.fromarray(stored).save(tmp_path / "turned.tif", tiffinfo={274: orientation}, compression=compression)
    plain, turned = (read_radiograph(tmp_path / f"{name}.tif").pixels for name in ("plain", "turned"))
    assert np.array_equal(turned, TURNS[orientation](plain))
    assert turned.flags.c_contiguous


@pytest.mark.parametrize("bits", [8, 16])
def test_tiff_with_white_as_zero_is_inverted(tmp_path, stored, gray, bits):
    values = gray if bits == 8 else stored
    Image.fromarray(values).save(tmp_path / "plain.tif")
    Image.fromarray(values).save(tmp_path / "image.tif")
    # PhotometricInterpretation, tag 262, one short: from BlackIsZero to WhiteIsZero.
    data = (tmp_path / "image.tif").read_bytes()
    entry = bytes.fromhex("0601030001000000")
    assert entry + b"\1\0" in data
    (tmp_path / "image.tif").write_bytes(data.replace(entry + b"\1\0", entry + b"\0\0"))
    plain, inverted = (read_radiograph(tmp_path / f"{name}.tif").pixels for name in ("plain", "image"))
    assert np.allclose(inverted, 1 - plain, atol=1e-6)


def test_format_does_not_depend_on_the_ending(tmp_path, gray):
    Image.fromarray(gray).save(tmp_path / "image.png")
    renamed = (tmp_path / "image.png").rename(tmp_path / "image.dcm")
    assert np.array_equal(read_radiograph(str(renamed)).pixels, gray / np.float32(255))


def test_name_may_contain_accents_and_spaces(tmp_path, gray):
    path = tmp_path / "Röntgen Thorax ü 胸.png"
    Image.fromarray(gray).save(path)
    assert read_radiograph(path).name == path.name

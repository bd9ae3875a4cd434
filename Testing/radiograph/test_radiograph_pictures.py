"""PNG, JPEG and TIFF."""

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
    """Whether pixels never decrease where values increase."""
    return (np.diff(pixels.ravel()[np.argsort(values, axis=None, kind="stable")]) >= 0).all()


@pytest.fixture(scope="module")
def grey(film):
    return (film >> 4).astype(np.uint8)


@pytest.mark.parametrize("ending", ["png", "tif", "tiff"])
@QUICK
@given(values=hnp.arrays(np.uint8, SHAPES, elements=st.integers(0, 255), fill=st.integers(0, 255)).filter(distinct))
def test_8_bits_are_divided_by_255(folder, ending, values):
    path = folder / f"film.{ending}"
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
def test_16_bits_are_stretched_in_order(folder, ending, values):
    path = folder / f"film16.{ending}"
    Image.fromarray(values).save(path)
    pixels = read_radiograph(path).pixels
    assert pixels.shape == values.shape
    assert pixels.dtype == np.float32
    assert (pixels.min(), pixels.max()) == (0, 1)
    assert in_order(values, pixels)


FLOATS = st.floats(-(2.0**127), 2.0**127, width=32, allow_subnormal=False)


@QUICK
@given(values=hnp.arrays(np.float32, SHAPES, elements=FLOATS, fill=FLOATS).filter(distinct))
def test_float_tiff_is_stretched_in_order(folder, values):
    path = folder / "film32.tif"
    Image.fromarray(values).save(path)
    pixels = read_radiograph(path).pixels
    assert pixels.shape == values.shape
    assert 0 <= pixels.min() < pixels.max() <= 1
    assert in_order(values, pixels)


@QUICK
@given(quality=st.integers(60, 95), in_colour=st.booleans())
def test_jpeg_is_close(folder, film, quality, in_colour):
    values = (film >> 4).astype(np.uint8)
    path = folder / "film.jpg"
    image = Image.fromarray(values)
    (image.convert("RGB") if in_colour else image).save(path, quality=quality)
    pixels = read_radiograph(path).pixels
    assert pixels.shape == values.shape
    assert np.abs(pixels - values / 255).mean() < 0.03


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_black(tmp_path, film, value):
    values = film.astype(np.float32)
    values[3, 4] = value
    Image.fromarray(values).save(tmp_path / "film.tif")
    pixels = read_radiograph(tmp_path / "film.tif").pixels
    assert np.isfinite(pixels).all()
    assert pixels[3, 4] == 0


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "P"])
@pytest.mark.parametrize("ending", ["png", "tif"])
def test_grey_in_other_modes(tmp_path, grey, mode, ending):
    path = tmp_path / f"film.{ending}"
    Image.fromarray(grey).convert(mode).save(path)
    assert np.allclose(read_radiograph(path).pixels, grey / 255, atol=1e-6)


def test_cmyk_jpeg_that_is_grey(tmp_path, grey):
    Image.merge("CMYK", [Image.new("L", grey.shape[::-1])] * 3 + [Image.fromarray(255 - grey)]).save(
        tmp_path / "film.jpg", quality=95
    )
    assert np.abs(read_radiograph(tmp_path / "film.jpg").pixels - grey / 255).mean() < 0.03


def test_transparent_is_black(tmp_path, grey):
    opacity = np.full_like(grey, 255)
    opacity[:5] = 0
    Image.merge("LA", [Image.fromarray(grey), Image.fromarray(opacity)]).save(tmp_path / "film.png")
    pixels = read_radiograph(tmp_path / "film.png").pixels
    assert (pixels[:5] == 0).all()
    assert np.allclose(pixels[5:], grey[5:] / 255)


def test_channels_may_differ_a_little(tmp_path, grey):
    values = np.stack([grey, grey, grey], axis=-1)
    values[..., 0] = np.minimum(values[..., 0], 250) + 3
    Image.fromarray(values).save(tmp_path / "film.png")
    assert np.allclose(read_radiograph(tmp_path / "film.png").pixels, grey / 255)


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
def test_exif_orientation(tmp_path, grey, orientation, ending):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"film.{ending}"
    Image.fromarray(grey).save(path, exif=exif, **({"quality": 98} if ending == "jpg" else {}))
    expected = TURNS[orientation](grey) / 255
    pixels = read_radiograph(path).pixels
    assert pixels.shape == expected.shape
    assert np.abs(pixels - expected).max() < (0.05 if ending == "jpg" else 1e-6)
    assert pixels.flags.c_contiguous


@pytest.mark.parametrize("orientation", TURNS)
@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_adobe_deflate"])
def test_orientation_of_a_16_bit_tiff(tmp_path, film, orientation, compression):
    Image.fromarray(film).save(tmp_path / "plain.tif")
    Image.fromarray(film).save(tmp_path / "turned.tif", tiffinfo={274: orientation}, compression=compression)
    plain, turned = (read_radiograph(tmp_path / f"{name}.tif").pixels for name in ("plain", "turned"))
    assert np.array_equal(turned, TURNS[orientation](plain))
    assert turned.flags.c_contiguous


@pytest.mark.parametrize("bits", [8, 16])
def test_tiff_with_white_as_zero(tmp_path, film, grey, bits):
    values = grey if bits == 8 else film
    Image.fromarray(values).save(tmp_path / "plain.tif")
    Image.fromarray(values).save(tmp_path / "film.tif")
    # PhotometricInterpretation, tag 262, one short: from BlackIsZero to WhiteIsZero.
    data = (tmp_path / "film.tif").read_bytes()
    entry = bytes.fromhex("0601030001000000")
    assert entry + b"\1\0" in data
    (tmp_path / "film.tif").write_bytes(data.replace(entry + b"\1\0", entry + b"\0\0"))
    plain, inverted = (read_radiograph(tmp_path / f"{name}.tif").pixels for name in ("plain", "film"))
    assert np.allclose(inverted, 1 - plain, atol=1e-6)


def test_ending_does_not_matter(tmp_path, grey):
    Image.fromarray(grey).save(tmp_path / "film.png")
    other = (tmp_path / "film.png").rename(tmp_path / "film.dcm")
    assert np.array_equal(read_radiograph(str(other)).pixels, grey / np.float32(255))


def test_name_with_accents_and_spaces(tmp_path, grey):
    path = tmp_path / "Röntgen Thorax ü 胸.png"
    Image.fromarray(grey).save(path)
    assert read_radiograph(path).name == path.name

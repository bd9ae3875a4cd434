"""Training reads and resamples images exactly as the program does."""

from pathlib import Path

import numpy as np
import pytest
from dx_images import make_dx, save_dx
from PIL import ExifTags, Image

from CausalCLIPSegLib.model.resampling import to_network_grid
from CausalCLIPSegLib.radiograph import read_radiograph
from training.data.cache import decode
from training.data.sample import DatasetError, Row, Sample
from training.data.splits import read_split, subsample_evenly
from training.data.validation import check_rows

ROWS, COLUMNS = 90, 120
ROTATED = 6
"""EXIF orientation: shown after a turn by 90 degrees clockwise."""


@pytest.fixture
def pixels() -> np.ndarray:
    """A smooth image without symmetry, uint16, 90 rows x 120 columns, that uses a tenth of the range of 16 bits."""
    rows, columns = np.mgrid[:ROWS, :COLUMNS]
    return (1000 + 40 * rows + 15 * columns + 300 * np.sin(columns / 9)).astype(np.uint16)


@pytest.fixture
def mask() -> np.ndarray:
    mask = np.zeros((ROWS, COLUMNS), np.uint8)
    mask[10:30, 20:80] = 255
    return mask


def sample_of(folder: Path, image: Image.Image, mask: Image.Image, ending: str, **options) -> Sample:
    image.save(folder / f"image.{ending}", **options)
    mask.save(folder / f"mask.{ending}", **options)
    return Sample("image", folder / f"image.{ending}", folder / f"mask.{ending}", "Pulmonary infection.")


def to_8_bits(pixels: np.ndarray) -> np.ndarray:
    return (pixels // 32).astype(np.uint8)


def test_qata_images_are_the_bytes_of_their_files(qata: Path):
    samples = subsample_evenly(read_split(qata, "val"), 200)
    for sample in samples:
        with Image.open(sample.image) as image, Image.open(sample.mask) as mask:
            expected = np.asarray(image.convert("L")), np.asarray(mask.convert("L")) > 127
        decoded = decode(sample, 224)
        assert (decoded[0] == expected[0]).all()
        assert (decoded[1] == expected[1]).all()
        assert decoded[0].dtype == np.uint8
        assert decoded[1].dtype == bool


def test_all_256_gray_levels_are_kept(tmp_path, mask):
    levels = np.resize(np.arange(256, dtype=np.uint8), (ROWS, COLUMNS))
    sample = sample_of(tmp_path, Image.fromarray(levels), Image.fromarray(mask), "png")
    assert (sample.load_image() == levels).all()


def test_reads_16_bit_png_without_clipping(tmp_path, pixels, mask):
    sample = sample_of(tmp_path, Image.fromarray(pixels), Image.fromarray(mask), "png")
    image = sample.load_image()
    product = read_radiograph(sample.image).pixels
    assert np.abs(image / 255 - product).max() <= 0.5 / 255 + 1e-6
    assert 0.3 < image.mean() / 255 < 0.7
    assert np.corrcoef(image.ravel(), pixels.ravel())[0, 1] > 0.99


@pytest.mark.parametrize("ending", ["jpg", "png", "tif"])
def test_exif_orientation_turns_image_and_mask(tmp_path, pixels, mask, ending):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = ROTATED
    sample = sample_of(
        tmp_path, Image.fromarray(to_8_bits(pixels)), Image.fromarray(mask), ending, exif=exif, quality=95
    )
    radiograph, truth = sample.load()
    assert radiograph.pixels.shape == truth.shape == (COLUMNS, ROWS)
    assert np.abs(255 * radiograph.pixels - np.rot90(to_8_bits(pixels), -1)).mean() < 2
    assert (truth == (np.rot90(mask, -1) > 127)).mean() > 0.99


def test_sizes_are_compared_after_turning(tmp_path, pixels, mask):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = ROTATED
    Image.fromarray(to_8_bits(pixels)).save(tmp_path / "image.jpg", exif=exif)
    shown, stored = tmp_path / "shown.png", tmp_path / "stored.png"
    Image.fromarray(np.rot90(mask, -1)).save(shown)
    Image.fromarray(mask).save(stored)
    (sample,) = check_rows([Row("image", tmp_path / "image.jpg", shown, "note")], "val", strict=True)
    assert sample.load()[1].shape == (COLUMNS, ROWS)
    with pytest.raises(DatasetError, match="1 of another size than its mask"):
        check_rows([Row("image", tmp_path / "image.jpg", stored, "note")], "val", strict=True)


def test_orientation_after_the_pixels_of_a_png_counts(tmp_path, pixels, mask):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = ROTATED
    path = tmp_path / "image.png"
    Image.fromarray(to_8_bits(pixels)).save(path, exif=exif)
    data = path.read_bytes()
    start = data.index(b"eXIf") - 4
    end = start + 12 + int.from_bytes(data[start : start + 4], "big")
    iend = data.index(b"IEND") - 4
    path.write_bytes(data[:start] + data[end:iend] + data[start:end] + data[iend:])
    Image.fromarray(np.rot90(mask, -1)).save(tmp_path / "mask.png")
    (sample,) = check_rows([Row("image", path, tmp_path / "mask.png", "note")], "val", strict=True)
    assert sample.load()[0].pixels.shape == (COLUMNS, ROWS)


def test_reads_bmp(tmp_path, pixels, mask):
    sample = sample_of(tmp_path, Image.fromarray(to_8_bits(pixels)), Image.fromarray(mask), "bmp")
    assert (sample.load_image() == to_8_bits(pixels)).all()
    assert (sample.load_mask() == (mask > 0)).all()


@pytest.mark.parametrize("size", [64, 128])
def test_resamples_as_the_product_does(tmp_path, pixels, mask, size):
    sample = sample_of(tmp_path, Image.fromarray(pixels), Image.fromarray(mask), "png")
    image, truth = decode(sample, size)
    product = to_network_grid(read_radiograph(sample.image).pixels, size)
    assert np.abs(image / 255 - product).max() <= 0.5 / 255 + 1e-6
    assert truth.shape == (size, size)
    assert truth.mean() == pytest.approx((mask > 0).mean(), rel=0.1)


def test_color_image_is_rejected_by_its_name(tmp_path, pixels, mask):
    gray = to_8_bits(pixels)
    color = Image.fromarray(np.stack([gray, 255 - gray, gray], axis=2))
    sample = sample_of(tmp_path, color, Image.fromarray(mask), "png")
    with pytest.raises(DatasetError, match=r"image\.png cannot be used: .*color"):
        sample.load_image()


def test_image_with_few_gray_levels_is_read(tmp_path, mask):
    sample = sample_of(tmp_path, Image.fromarray(mask), Image.fromarray(mask), "png")
    assert sample.load_radiograph().warnings
    assert (sample.load_image() == mask).all()


def test_mirrored_dicom_is_rejected(tmp_path):
    upright, mirrored = tmp_path / "upright.dcm", tmp_path / "mirrored.dcm"
    save_dx(make_dx(PatientOrientation=["L", "F"]), upright)
    save_dx(make_dx(PatientOrientation=["R", "F"]), mirrored)
    Sample("upright", upright, upright, "note").load_radiograph()
    with pytest.raises(DatasetError, match=r"mirrored\.dcm cannot be used: .*mirrored"):
        Sample("mirrored", mirrored, mirrored, "note").load_radiograph()


def test_image_and_mask_of_different_size_are_rejected(tmp_path, mask):
    dicom = tmp_path / "image.dcm"
    save_dx(make_dx(), dicom)
    Image.fromarray(mask).save(tmp_path / "mask.png")
    (sample,) = check_rows([Row("image", dicom, tmp_path / "mask.png", "note")], "val", strict=True)
    with pytest.raises(DatasetError, match="image and its mask differ in size"):
        decode(sample, 64)

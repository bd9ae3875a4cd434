"""Pixels of DICOM files: depth, transfer syntax, polarity, window, lookup tables and padding."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import Dataset, uid
from pydicom.pixels import apply_windowing, get_encoder

from CausalCLIPSegLib.radiograph import dicom_pixels, read_radiograph

QUICK = settings(deadline=None, max_examples=25)


def test_reads_a_real_radiograph(real_file):
    radiograph = read_radiograph(real_file("RG1_UNCR.dcm"))
    assert radiograph.pixels.shape == (1955, 1841)
    assert radiograph.pixels.dtype == np.float32
    assert radiograph.pixels.flags.c_contiguous
    assert 0 <= radiograph.pixels.min() < radiograph.pixels.max() <= 1
    assert radiograph.spacing is None  # the file says 0.000\0.000
    assert radiograph.mirrored is False  # L\F
    assert radiograph.name == "RG1_UNCR.dcm"
    assert radiograph.header is not None
    assert "PixelData" not in radiograph.header
    # MONOCHROME1 is inverted: the spine is brighter than the air beside the shoulder.
    assert radiograph.pixels[1000, 850:950].mean() > radiograph.pixels[200, 20:60].mean() + 0.2


@pytest.mark.parametrize("name", ["RG1", "RG3"])
def test_lossless_compression_gives_identical_pixels(real_file, name):
    plain, compressed = (read_radiograph(real_file(f"{name}_{kind}.dcm")) for kind in ("UNCR", "J2KR"))
    assert np.array_equal(plain.pixels, compressed.pixels)


def test_lossy_compression_gives_similar_pixels(real_file):
    plain, compressed = (read_radiograph(real_file(f"RG3_{kind}.dcm")) for kind in ("UNCR", "J2KI"))
    assert np.abs(plain.pixels - compressed.pixels).mean() < 0.01


def test_reads_deflated_secondary_capture(real_file):
    assert read_radiograph(real_file("image_dfl.dcm")).pixels.shape == (512, 512)


@pytest.mark.parametrize("name", ["mlut_18.dcm", "vlut_04.dcm"])
def test_reads_real_files_with_lookup_tables(real_file, name):
    assert np.unique(read_radiograph(real_file(name)).pixels).size > 30


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_pixels_do_not_depend_on_bit_depth(stored, write_dicom, bits, signed):
    values = np.round(stored / 4095 * (2**bits - 1))
    window = {"WindowCenter": 2 ** (bits - 1), "WindowWidth": 2**bits}
    if signed:
        values -= 2 ** (bits - 1)
        window["WindowCenter"] = 0
    image = values.astype(f"{'i' if signed else 'u'}{1 if bits == 8 else 2}")
    pixels = read_radiograph(write_dicom(image, bits, **window)).pixels
    assert np.allclose(pixels, stored / 4095, atol=2 / 2**bits)


SYNTAXES = [
    uid.ImplicitVRLittleEndian,
    uid.ExplicitVRLittleEndian,
    uid.ExplicitVRBigEndian,
    uid.DeflatedExplicitVRLittleEndian,
    uid.RLELossless,
    uid.JPEGLSLossless,
    uid.JPEG2000Lossless,
]


@pytest.mark.parametrize("syntax", SYNTAXES, ids=lambda syntax: syntax.keyword)
@pytest.mark.parametrize("bits", [8, 12, 16])
def test_pixels_do_not_depend_on_transfer_syntax(tmp_path, stored, make_dataset, write_dicom, syntax, bits):
    stored = np.round(stored / 4095 * (2**bits - 1)).astype("u1" if bits == 8 else "u2")
    plain = read_radiograph(write_dicom(stored, bits))
    if syntax == uid.ExplicitVRBigEndian:
        dataset = make_dataset(stored, bits, PixelData=stored.astype(stored.dtype.newbyteorder(">")).tobytes())
        dataset["PixelData"].VR = "OB" if bits == 8 else "OW"
    else:
        dataset = make_dataset(stored, bits)
    if syntax.is_encapsulated:
        if not get_encoder(syntax).is_available:
            pytest.skip("no encoder for this transfer syntax is installed")
        dataset.compress(syntax)
    dataset.file_meta.TransferSyntaxUID = syntax
    path = tmp_path / "other.dcm"
    dataset.save_as(path, enforce_file_format=True)
    assert np.array_equal(read_radiograph(path).pixels, plain.pixels)


def test_unused_bits_are_ignored(stored, write_dicom):
    # An overlay in the upper bits, as old archives stored it (PS3.5 8.1.2).
    with_overlay = stored | np.uint16(0x8000) * (stored % 2)
    assert np.array_equal(
        read_radiograph(write_dicom(with_overlay)).pixels,
        read_radiograph(write_dicom(stored, name="plain.dcm")).pixels,
    )


@pytest.mark.parametrize("implicit", [False, True])
def test_reads_a_file_without_ending_preamble_and_meta_information(
    tmp_path, stored, make_dataset, write_dicom, implicit
):
    buffer = io.BytesIO()
    dataset = make_dataset(stored)
    del dataset.file_meta
    dataset.save_as(buffer, implicit_vr=implicit, little_endian=True)
    path = tmp_path / "IM000001"
    path.write_bytes(buffer.getvalue())
    assert np.array_equal(read_radiograph(path).pixels, read_radiograph(write_dicom(stored)).pixels)


def test_reads_big_endian_without_meta_information(tmp_path, stored, make_dataset, write_dicom):
    dataset = make_dataset(stored, PixelData=stored.astype(">u2").tobytes())
    del dataset.file_meta
    dataset["PixelData"].VR = "OW"
    path = tmp_path / "IM000001"
    dataset.save_as(path, implicit_vr=False, little_endian=False)
    assert np.array_equal(read_radiograph(path).pixels, read_radiograph(write_dicom(stored)).pixels)


def test_reads_meta_information_without_preamble(tmp_path, stored, write_dicom):
    path = tmp_path / "IM000002"
    path.write_bytes(write_dicom(stored).read_bytes()[132:])
    assert read_radiograph(path).pixels.shape == stored.shape


def test_dicom_with_a_tiff_preamble_is_read_as_dicom(stored, write_dicom):
    path = write_dicom(stored)
    path.write_bytes(b"II*\0" + path.read_bytes()[4:])
    assert read_radiograph(path).header is not None


def test_reads_an_image_that_declares_one_frame(stored, write_dicom):
    path = write_dicom(stored, NumberOfFrames=1)
    assert read_radiograph(path).pixels.shape == stored.shape


@pytest.mark.parametrize("bits", [8, 16])
def test_reads_gray_in_three_channels(stored, write_dicom, bits):
    stored = np.round(stored / 4095 * (2**bits - 1)).astype("u1" if bits == 8 else "u2")
    pixels = read_radiograph(write_dicom(np.stack([stored] * 3, axis=-1), bits)).pixels
    assert np.allclose(pixels, stored / (2**bits - 1), atol=1e-6)


def test_reads_secondary_capture(stored, write_dicom):
    path = write_dicom(stored, SOPClassUID=uid.SecondaryCaptureImageStorage, Modality="OT")
    assert read_radiograph(path).pixels.shape == stored.shape


def test_reads_a_file_with_modality_but_no_sop_class(stored, write_dicom):
    path = write_dicom(stored, SOPClassUID=uid.ComputedRadiographyImageStorage, Modality="CR")
    data = path.read_bytes().replace(b"1.2.840.10008.5.1.4.1.1.1\0", b"\0" * 26)
    path.write_bytes(data)
    assert read_radiograph(path).pixels.shape == stored.shape


@pytest.mark.parametrize("windowed", [False, True])
def test_monochrome1_is_inverted_once(stored, write_dicom, windowed):
    window = {"WindowCenter": 1800, "WindowWidth": 3000} if windowed else {}
    inverted_window = {"WindowCenter": 4095 - 1800 + 1, "WindowWidth": 3000} if windowed else {}
    plain = read_radiograph(write_dicom(stored, **window))
    inverted = read_radiograph(write_dicom(4095 - stored, PhotometricInterpretation="MONOCHROME1", **inverted_window))
    assert np.allclose(plain.pixels, inverted.pixels, atol=1e-5)


@pytest.mark.parametrize(
    ("photometric", "shape", "is_contradiction"),
    [
        ("MONOCHROME1", "INVERSE", False),
        ("MONOCHROME2", "IDENTITY", False),
        ("MONOCHROME1", "IDENTITY", True),
        ("MONOCHROME2", "INVERSE", True),
    ],
)
def test_presentation_lut_shape_does_not_invert_again(stored, write_dicom, photometric, shape, is_contradiction):
    without_shape = read_radiograph(write_dicom(stored, PhotometricInterpretation=photometric))
    radiograph = read_radiograph(
        write_dicom(stored, PhotometricInterpretation=photometric, PresentationLUTShape=shape, name="shape.dcm")
    )
    assert np.array_equal(radiograph.pixels, without_shape.pixels)
    assert any("black and white" in text for text in radiograph.warnings) is is_contradiction


@QUICK
@given(
    center=st.floats(-500, 5000),
    width=st.floats(1.5, 9000),
    function=st.sampled_from(["LINEAR", "LINEAR_EXACT", "SIGMOID"]),
)
def test_window_equals_that_of_pydicom(center, width, function):
    values = np.linspace(0, 4095, 500, dtype=np.float32)
    header = Dataset()
    header.PhotometricInterpretation = "MONOCHROME2"
    header.BitsStored, header.PixelRepresentation = 1, 0  # so that the output range of pydicom is [0, 1]
    header.WindowCenter, header.WindowWidth, header.VOILUTFunction = round(center, 6), round(width, 6), function
    ours = dicom_pixels.window(values, float(header.WindowCenter), float(header.WindowWidth), function)
    # The step of a narrow window may fall on either side of a value.
    assert np.isclose(ours, apply_windowing(values, header), atol=2e-3).mean() > 0.99


def test_uses_the_first_of_several_windows(stored, write_dicom):
    first = read_radiograph(write_dicom(stored, WindowCenter=2000, WindowWidth=3000))
    several = read_radiograph(write_dicom(stored, WindowCenter=[2000, 900], WindowWidth=[3000, 1000]))
    assert np.array_equal(first.pixels, several.pixels)


def test_sigmoid_window_is_applied(stored, write_dicom):
    pixels = read_radiograph(write_dicom(stored, WindowCenter=2000, WindowWidth=3000, VOILUTFunction="SIGMOID")).pixels
    assert np.allclose(pixels, 1 / (1 + np.exp(-4 * (stored - 2000.0) / 3000)), atol=1e-5)


USELESS_WINDOWS = [
    {"WindowCenter": 2000, "WindowWidth": 0},
    {"WindowCenter": 2000, "WindowWidth": -100},
    {"WindowCenter": 2000, "WindowWidth": 1},
    {"WindowCenter": 2000, "WindowWidth": 0, "VOILUTFunction": "SIGMOID"},
    {"WindowCenter": -90000, "WindowWidth": 10},
    {"WindowCenter": 90000, "WindowWidth": 10},
    {"WindowCenter": 2000, "WindowWidth": 2},
    {"WindowCenter": 32768, "WindowWidth": 65536},
    {"WindowCenter": 2000},
    {"WindowWidth": 2000},
    {"WindowCenter": [], "WindowWidth": []},
]


@pytest.mark.parametrize("elements", USELESS_WINDOWS, ids=str)
def test_useless_window_is_ignored(stored, write_dicom, elements):
    stretched = read_radiograph(write_dicom(stored)).pixels
    assert np.array_equal(read_radiograph(write_dicom(stored, **elements)).pixels, stretched)
    low, high = np.percentile(stored, (0.5, 99.5))
    assert np.allclose(stretched, np.clip((stored - low) / (high - low), 0, 1), atol=1e-6)


def test_window_that_is_not_a_number_is_ignored(stored, write_dicom):
    path = write_dicom(stored, WindowCenter="2000", WindowWidth="3000")
    path.write_bytes(path.read_bytes().replace(b"2000", b"high"))
    assert np.array_equal(read_radiograph(path).pixels, read_radiograph(write_dicom(stored)).pixels)


def test_rescale_is_applied_before_the_window(stored, write_dicom):
    plain = read_radiograph(write_dicom(stored, WindowCenter=2000, WindowWidth=3000))
    scaled = read_radiograph(
        write_dicom(
            stored,
            RescaleSlope=2,
            RescaleIntercept=-1000,
            WindowCenter=3000,
            WindowWidth=6000,
            VOILUTFunction="LINEAR_EXACT",
        )
    )
    assert np.allclose(plain.pixels, scaled.pixels, atol=1e-3)


@pytest.mark.parametrize("window", [{}, {"WindowCenter": -2000, "WindowWidth": 5000}])
def test_negative_slope_inverts_the_grayscale(stored, write_dicom, window):
    plain = read_radiograph(write_dicom(stored, **{key: abs(value) for key, value in window.items()})).pixels
    inverted = read_radiograph(write_dicom(stored, RescaleSlope=-1, RescaleIntercept=0, **window)).pixels
    assert np.allclose(inverted, 1 - plain, atol=1e-3)


def test_slope_of_zero_is_ignored(stored, write_dicom):
    plain = read_radiograph(write_dicom(stored)).pixels
    assert np.array_equal(read_radiograph(write_dicom(stored, RescaleSlope=0, RescaleIntercept=0)).pixels, plain)


def lut_sequence(entries, bits, first=0, data=None):
    item = Dataset()
    item.LUTDescriptor = [len(entries) % 65536, first, bits]
    item.add_new("LUTData", "OW", np.asarray(entries, "<u2").tobytes() if data is None else data)
    return [item]


CURVE = np.round(np.sqrt(np.arange(4096) / 4095) * 4095).astype(int)


@pytest.mark.parametrize("declared", [12, 16])
def test_voi_lut_is_applied(stored, write_dicom, declared):
    # Many real tables of 12 bits declare 16.
    pixels = read_radiograph(write_dicom(stored, VOILUTSequence=lut_sequence(CURVE, declared))).pixels
    assert np.allclose(pixels, CURVE[stored] / 4095, atol=1e-6)


def test_voi_lut_is_preferred_to_the_window(stored, write_dicom):
    pixels = read_radiograph(
        write_dicom(stored, VOILUTSequence=lut_sequence(CURVE, 12), WindowCenter=100, WindowWidth=4000)
    ).pixels
    assert np.allclose(pixels, CURVE[stored] / 4095, atol=1e-6)


def test_voi_lut_may_have_65536_entries(stored, write_dicom):
    entries = np.arange(65536)
    pixels = read_radiograph(write_dicom(stored * np.uint16(16), 16, VOILUTSequence=lut_sequence(entries, 16))).pixels
    assert np.allclose(pixels, stored * 16.0 / 65535, atol=1e-6)


@pytest.mark.parametrize("packed", [False, True])
def test_voi_lut_may_have_8_bits(stored, write_dicom, packed):
    # pydicom's apply_voi_lut wraps around here.
    entries = CURVE // 16
    data = entries.astype("u1").tobytes() if packed else None
    pixels = read_radiograph(write_dicom(stored, VOILUTSequence=lut_sequence(entries, 8, data=data))).pixels
    assert np.allclose(pixels, entries[stored] / 255, atol=1e-6)


def test_values_outside_the_voi_lut_get_its_first_or_last_entry(stored, write_dicom):
    pixels = read_radiograph(
        write_dicom(stored, VOILUTSequence=lut_sequence(np.arange(2048) * 2, 12, first=1000))
    ).pixels
    assert np.allclose(pixels, np.clip(stored.astype(int) - 1000, 0, 2047) * 2 / 4095, atol=1e-6)


@pytest.mark.parametrize("missing", ["LUTData", "LUTDescriptor"])
def test_incomplete_voi_lut_is_ignored(stored, write_dicom, missing):
    sequence = lut_sequence(CURVE, 12)
    delattr(sequence[0], missing)
    plain = read_radiograph(write_dicom(stored)).pixels
    assert np.array_equal(read_radiograph(write_dicom(stored, VOILUTSequence=sequence)).pixels, plain)


def test_voi_lut_may_hold_decoded_numbers(stored, write_dicom):
    sequence = lut_sequence(CURVE, 12)
    del sequence[0].LUTData
    sequence[0].add_new("LUTData", "US", CURVE.tolist())
    pixels = read_radiograph(write_dicom(stored, VOILUTSequence=sequence)).pixels
    assert np.allclose(pixels, CURVE[stored] / 4095, atol=1e-6)


def test_modality_lut_is_applied_before_the_window(stored, write_dicom):
    path = write_dicom(stored, ModalityLUTSequence=lut_sequence(CURVE, 12), WindowCenter=2048, WindowWidth=4096)
    assert np.allclose(read_radiograph(path).pixels, CURVE[stored] / 4095, atol=1e-3)


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_padding_is_black_and_does_not_affect_other_pixels(stored, write_dicom, photometric):
    padding = 4095
    inside = np.where(stored == padding, padding - 1, stored)[:, :34].astype(np.uint16)
    padded = np.pad(inside, ((0, 0), (0, 10)), constant_values=padding)
    unpadded = read_radiograph(write_dicom(inside, PhotometricInterpretation=photometric)).pixels
    pixels = read_radiograph(
        write_dicom(padded, PhotometricInterpretation=photometric, PixelPaddingValue=padding)
    ).pixels
    assert (pixels[:, 34:] == 0).all()
    assert np.array_equal(pixels[:, :34], unpadded)


def test_range_of_padding_is_black(stored, write_dicom):
    path = write_dicom(stored, PixelPaddingValue=0, PixelPaddingRangeLimit=500)
    pixels = read_radiograph(path).pixels
    assert (pixels[stored <= 500] == 0).all()
    low, high = np.percentile(stored[stored > 500], (0.5, 99.5))
    expected = np.clip((stored - low) / (high - low), 0, 1)
    assert np.allclose(pixels[stored > 500], expected[stored > 500], atol=1e-6)


def test_signed_padding_is_black(stored, write_dicom):
    stored = stored.astype("i2") - 2000
    stored[:5] = -32768
    pixels = read_radiograph(write_dicom(stored, 16, PixelPaddingValue=-32768)).pixels
    assert (pixels[:5] == 0).all()
    assert pixels[5:].max() == 1


@QUICK
@given(data=st.data())
def test_values_keep_their_order(folder, stored, make_dataset, dicom_bytes, data):
    bits = data.draw(st.integers(8, 16))
    values = np.round(stored / 4095 * (2**bits - 1)).astype("u2")
    elements = {}
    if data.draw(st.booleans()):
        elements["WindowCenter"] = data.draw(st.integers(-1000, 70000))
        elements["WindowWidth"] = data.draw(st.integers(0, 70000))
        elements["VOILUTFunction"] = data.draw(st.sampled_from(["LINEAR", "LINEAR_EXACT", "SIGMOID"]))
    if data.draw(st.booleans()):
        elements["RescaleSlope"] = data.draw(st.sampled_from([0.1, 1, 3.5]))
        elements["RescaleIntercept"] = data.draw(st.integers(-2000, 2000))
    inverted = data.draw(st.booleans())
    elements["PhotometricInterpretation"] = "MONOCHROME1" if inverted else "MONOCHROME2"
    path = folder / "property.dcm"
    path.write_bytes(dicom_bytes(make_dataset(values, bits, **elements)))
    pixels = read_radiograph(path).pixels
    assert pixels.shape == stored.shape
    assert pixels.dtype == np.float32
    assert 0 <= pixels.min() < pixels.max() <= 1
    ordered = np.diff(pixels.ravel()[np.argsort(values, axis=None, kind="stable")])
    assert (ordered <= 1e-6).all() if inverted else (ordered >= -1e-6).all()

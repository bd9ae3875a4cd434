"""Files that attack a reader, or whose headers lie, are refused or read right."""

from __future__ import annotations

import gzip
import io
import os
import struct
import zlib

import nibabel
import nrrd
import numpy as np
import pytest
import tifffile
from header_fuzz import QUICK
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from reading_costs import assert_cheap, reading_costs

from CausalCLIPSegLib.errors import RadiographError
from CausalCLIPSegLib.radiograph import read_radiograph
from CausalCLIPSegLib.radiograph.spacing import UNCALIBRATED
from CausalCLIPSegLib.radiograph.tiff_image import SMALL_PAGES


def nrrd_bytes(stored, *lines, encoding="raw", data=None):
    """Return an NRRD with further lines in its header."""
    rows, columns = stored.shape
    head = [
        "NRRD0004",
        "type: uint16",
        "dimension: 2",
        f"sizes: {columns} {rows}",
        "endian: little",
        f"encoding: {encoding}",
        *lines,
    ]
    return "\n".join([*head, "", ""]).encode() + (stored.tobytes() if data is None else data)


def nifti_bytes(stored, edit=lambda header: None, data=None):
    """Return a NIfTI-1 file whose header was edited after it was written."""
    image = nibabel.Nifti1Image(stored.T[:, :, None].astype(np.int16), np.diag([-0.2, -0.2, 1, 1]))
    content = image.to_bytes()
    header = nibabel.Nifti1Header(content[:348], check=False)
    edit(header)
    return header.binaryblock + content[348:352] + (content[352:] if data is None else data)


def set_fields(**fields):
    def edit(header):
        for name, value in fields.items():
            header[name] = value

    return edit


TEXT = b"1 2 3 4 "
NRRD_ATTACKS = {
    "detached": ("another file", lambda a: nrrd_bytes(a, "data file: values.raw", data=b"")),
    "detached in capitals": ("another file", lambda a: nrrd_bytes(a, "Data File: values.raw", data=b"")),
    "detached without a space": ("another file", lambda a: nrrd_bytes(a, "datafile: values.raw", data=b"")),
    "detached format": ("another file", lambda a: nrrd_bytes(a, "data file: a%05000d.raw 1 9 1", data=b"")),
    "detached system file": ("another file", lambda a: nrrd_bytes(a, "data file: /etc/passwd", data=b"")),
    "list of files": ("", lambda a: nrrd_bytes(a, "data file: LIST", "/etc/passwd", data=b"")),
    "byte skip": ("in a way", lambda a: nrrd_bytes(a, "byte skip: -1")),
    "line skip": ("in a way", lambda a: nrrd_bytes(a, "line skip: 1000000000")),
    "word in text": ("damaged", lambda a: nrrd_bytes(a, encoding="ascii", data=TEXT * 200 + b"A" * 2000)),
    "short text": ("incomplete", lambda a: nrrd_bytes(a, encoding="ascii", data=TEXT)),
    "text beyond the type": ("cannot hold", lambda a: nrrd_bytes(a, encoding="ascii", data=b"70000 " * a.size)),
    "damaged hex": ("damaged", lambda a: nrrd_bytes(a, encoding="hex", data=a.tobytes().hex().encode() + b"zz")),
    "odd hex": ("damaged", lambda a: nrrd_bytes(a, encoding="hex", data=b"abc")),
    "unknown encoding": ("in a way", lambda a: nrrd_bytes(a, encoding="zrl")),
    "block": ("damaged", lambda a: nrrd_bytes(a).replace(b"type: uint16", b"type: block")),
    "no end": ("damaged", lambda a: b"NRRD0004\ntype: uint16\n" + b"#" * 2_000_000),
    "negative size": ("contradicts", lambda a: nrrd_bytes(a).replace(b"sizes: 40", b"sizes: -40")),
    "many digits": ("contradicts", lambda a: nrrd_bytes(a).replace(b"sizes: 40", b"sizes: " + b"9" * 5000)),
    "more sizes": ("contradicts", lambda a: nrrd_bytes(a).replace(b"sizes: 40", b"sizes: 1 40")),
    "gzip cut": ("damaged", lambda a: nrrd_bytes(a, encoding="gzip", data=gzip.compress(a.tobytes())[:-300])),
    "gzip checksum": (
        "damaged",
        lambda a: nrrd_bytes(a, encoding="gzip", data=gzip.compress(a.tobytes())[:-8] + b"12345678"),
    ),
}
NIFTI_LIES = {
    "bits of another type, half the data": (
        "incomplete",
        lambda a: nifti_bytes(a, set_fields(bitpix=8), data=a.tobytes()[: a.size]),
    ),
    "no data": ("incomplete", lambda a: nifti_bytes(a, data=b"")),
    "offset beyond the end": ("incomplete", lambda a: nifti_bytes(a, set_fields(vox_offset=1e6))),
    "offset far beyond the end": ("where its pixels are", lambda a: nifti_bytes(a, set_fields(vox_offset=1e30))),
    "offset that is no number": ("where its pixels are", lambda a: nifti_bytes(a, set_fields(vox_offset=np.nan))),
    "negative offset": ("where its pixels are", lambda a: nifti_bytes(a, set_fields(vox_offset=-352))),
    "negative size": ("contradicts", lambda a: nifti_bytes(a, set_fields(dim=[2, -40, 48, 1, 1, 1, 1, 1]))),
    "eight dimensions": ("contradicts", lambda a: nifti_bytes(a, set_fields(dim=[8, 40, 48, 1, 1, 1, 1, 1]))),
    "no dimension": ("contradicts", lambda a: nifti_bytes(a, set_fields(dim=[0, 40, 48, 1, 1, 1, 1, 1]))),
    "unknown type": ("damaged", lambda a: nifti_bytes(a, set_fields(datatype=77))),
    "long double": ("kind", lambda a: nifti_bytes(a, set_fields(datatype=1536))),
    "pair": ("another file", lambda a: nifti_bytes(a).replace(b"n+1\0", b"ni1\0", 1)),
    "gzip cut": ("damaged", lambda a: gzip.compress(nifti_bytes(a))[:-400]),
    "gzip checksum": ("damaged", lambda a: gzip.compress(nifti_bytes(a))[:-8] + b"12345678"),
}


@pytest.mark.parametrize(("table", "name"), [("NRRD", n) for n in NRRD_ATTACKS] + [("NIfTI", n) for n in NIFTI_LIES])
def test_refuses_in_one_sentence(tmp_path, stored, table, name):
    expected, build = {"NRRD": NRRD_ATTACKS, "NIfTI": NIFTI_LIES}[table][name]
    (tmp_path / "image").write_bytes(build(stored))
    with pytest.raises(RadiographError, match=expected):
        read_radiograph(tmp_path / "image")


HARMLESS = {
    "line of 1,000 letters": ("x" * 1000 + ":=" + "y" * 1000,),
    "label of 1,000 letters": ('labels: "' + "x" * 1000 + '" "y"',),
    "value of 100,000 letters": ("key:=" + "v" * 100_000,),
    "comment": ("# " + "x" * 5000,),
    "content with bytes beyond ASCII": ("content: Thorax ü 胸部",),
}


@pytest.mark.parametrize("lines", HARMLESS.values(), ids=HARMLESS)
def test_long_lines_do_no_harm(tmp_path, stored, lines):
    (tmp_path / "plain.nrrd").write_bytes(nrrd_bytes(stored))
    (tmp_path / "image.nrrd").write_bytes(nrrd_bytes(stored, *lines))
    plain, read = (read_radiograph(tmp_path / f"{name}.nrrd") for name in ("plain", "image"))
    np.testing.assert_array_equal(read.pixels, plain.pixels)


@pytest.mark.skipif(os.name == "nt", reason="names of Windows are Unicode")
@pytest.mark.parametrize("ending", [b".nrrd", b".nii.gz", b".png", b".tif"])
def test_name_that_is_not_utf_8(tmp_path, stored, ending):
    path = tmp_path / os.fsdecode(b"r\xf6ntgen" + ending)
    buffer = io.BytesIO()
    if ending in {b".png", b".tif"}:
        Image.fromarray(stored).save(buffer, "PNG" if ending == b".png" else "TIFF")
    path.write_bytes(
        {b".nrrd": nrrd_bytes(stored), b".nii.gz": gzip.compress(nifti_bytes(stored))}.get(ending, buffer.getvalue())
    )
    assert read_radiograph(path).pixels.shape == stored.shape


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_does_not_wait_for_a_pipe_that_a_header_names(tmp_path, stored):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "image.nrrd").write_bytes(nrrd_bytes(stored, "data file: pipe", data=b""))
    with pytest.raises(RadiographError, match="another file"):
        read_radiograph(tmp_path / "image.nrrd")


@pytest.mark.parametrize(
    "fields", [{"bitpix": 8}, {"scl_slope": 0}, {"scl_slope": np.nan}, {"scl_slope": np.inf}, {"intent_code": 1007}]
)
def test_harmless_contradictions_of_nifti(tmp_path, stored, fields):
    (tmp_path / "plain.nii").write_bytes(nifti_bytes(stored))
    (tmp_path / "image.nii").write_bytes(nifti_bytes(stored, set_fields(**fields)))
    plain, read = (read_radiograph(tmp_path / f"{name}.nii") for name in ("plain", "image"))
    np.testing.assert_array_equal(read.pixels, plain.pixels)


@pytest.mark.parametrize(
    "fields",
    [
        {"srow_x": [np.nan] * 4},
        {"srow_x": [0] * 4},
        {"sform_code": 0, "qform_code": 1, "quatern_b": 3.0},
        {"sform_code": 0, "qform_code": 1, "quatern_b": np.nan},
        {"pixdim": [np.inf] * 8, "sform_code": 0, "qform_code": 1},
        {"srow_x": [1e30, 0, 0, 0]},
    ],
    ids=str,
)
def test_geometry_that_is_none_counts_as_unknown(tmp_path, stored, fields):
    (tmp_path / "image.nii").write_bytes(nifti_bytes(stored, set_fields(**fields)))
    radiograph = read_radiograph(tmp_path / "image.nii")
    assert np.isfinite(radiograph.affine).all()
    assert radiograph.warnings


@pytest.mark.parametrize("spacing", [600, 1e-4])
def test_impossible_spacing_is_not_used(tmp_path, stored, spacing):
    nrrd.write(str(tmp_path / "image.nrrd"), stored.T, {"spacings": [spacing, spacing]})
    radiograph = read_radiograph(tmp_path / "image.nrrd")
    assert radiograph.spacing is None
    assert UNCALIBRATED in radiograph.warnings


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("ending", ["nrrd", "nii", "tif"])
def test_numbers_without_a_value_are_black(tmp_path, stored, value, ending):
    values = stored.astype(np.float64)
    values[3, 4] = value
    path = tmp_path / f"image.{ending}"
    if ending == "nrrd":
        nrrd.write(str(path), values.T)
    elif ending == "nii":
        nibabel.save(nibabel.Nifti1Image(values.T[:, :, None], np.diag([-0.2, -0.2, 1, 1])), path)
    else:
        tifffile.imwrite(path, values)
    pixels = read_radiograph(path).pixels
    assert np.isfinite(pixels).all()
    assert pixels[3, 4] == 0


def pages(*shapes, subifds=0):
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as file:
        for number, shape in enumerate(shapes):
            values = np.arange(np.prod(shape), dtype=np.uint16).reshape(shape)
            file.write(values, photometric="minisblack", subifds=subifds if number == 0 else None)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content", [pages((64, 60), (32, 30)), pages((32, 30), (64, 60)), pages((32, 30), (64, 60), subifds=1)]
)
def test_largest_page_is_read(tmp_path, content):
    (tmp_path / "image.tif").write_bytes(content)
    radiograph = read_radiograph(tmp_path / "image.tif")
    assert radiograph.pixels.shape == (64, 60)
    assert SMALL_PAGES in radiograph.warnings


@pytest.mark.parametrize(
    "content", [pages((64, 60), (64, 60)), pages((64, 60), (40, 40)), pages((64, 60), *[(16, 16)] * 40)]
)
def test_several_pages_are_refused(tmp_path, content):
    (tmp_path / "image.tif").write_bytes(content)
    with pytest.raises(RadiographError, match="several images"):
        read_radiograph(tmp_path / "image.tif")


def spoiled_tiff(dtype, tag, value):
    """Return a TIFF in which a tag has another value."""
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, np.arange(48 * 40).reshape(48, 40).astype(dtype), photometric="minisblack")
    with tifffile.TiffFile(io.BytesIO(buffer.getvalue())) as file:
        at = file.pages[0].tags[tag].offset
    data = bytearray(buffer.getvalue())
    struct.pack_into("<I", data, at + 8, value)
    return bytes(data)


@pytest.mark.parametrize("dtype", ["u1", "u2", "f8"])
@pytest.mark.parametrize(("tag", "value"), [(273, 10**6), (279, 0), (279, 10**6), (257, 4800), (278, 1)])
def test_tiff_with_a_tag_that_lies(tmp_path, dtype, tag, value):
    (tmp_path / "image.tif").write_bytes(spoiled_tiff(dtype, tag, value))
    with pytest.raises(RadiographError):
        read_radiograph(tmp_path / "image.tif")


def bombs(folder, stored):
    """Write small files that claim, or unpack to, much."""
    zeros = gzip.compress(bytes(10_000_000)) * 100  # a gzip file may have several parts

    def packed(head):
        return gzip.compress(head) + zeros

    plain = nifti_bytes(stored, data=b"")
    (folder / "bomb.nii.gz").write_bytes(packed(plain))
    large = nifti_bytes(stored, set_fields(dim=[2, 20000, 20000, 1, 1, 1, 1, 1]), data=b"")
    (folder / "large.nii.gz").write_bytes(packed(large))
    far = nifti_bytes(stored, set_fields(vox_offset=2**31), data=b"")
    (folder / "far.nii.gz").write_bytes(packed(far))
    (folder / "bomb.nrrd").write_bytes(nrrd_bytes(stored, encoding="gzip", data=packed(b"")))
    (folder / "text.nrrd").write_bytes(nrrd_bytes(stored, encoding="ascii", data=b"1 " * 30_000_000))
    values = np.zeros((2000, 2000), np.float64)
    tifffile.imwrite(folder / "zeros.tif", values, compression="zlib")


def test_bombs_are_cheap(tmp_path, stored):
    bombs(tmp_path, stored)
    costs = reading_costs(
        tmp_path, "from CausalCLIPSegLib.radiograph import read_radiograph", '{"*": read_radiograph}'
    )
    assert len(costs) == 6
    assert_cheap(costs)


def good_files(stored):
    """Return the bytes of one good file for each format and kind of reader."""
    gray = (stored >> 4).astype(np.uint8)

    def pillow(values, format, **options):
        buffer = io.BytesIO()
        Image.fromarray(values).save(buffer, format, **options)
        return buffer.getvalue()

    def tiff(values, **options):
        buffer = io.BytesIO()
        tifffile.imwrite(buffer, values, **options)
        return buffer.getvalue()

    return [
        pillow(stored, "PNG"),
        pillow(np.stack([gray] * 3, -1), "PNG"),
        pillow(gray, "JPEG"),
        pillow(gray, "BMP"),
        pillow(np.stack([gray] * 3, -1), "WEBP", lossless=True),
        tiff(gray, compression="lzw"),
        tiff(stored, compression="zlib", predictor=True),
        tiff(stored.astype(np.float64), byteorder=">"),
        nrrd_bytes(stored, "space: RAS", "space dimension: 2").replace(b"space dimension: 2\n", b""),
        nrrd_bytes(stored, encoding="gzip", data=gzip.compress(stored.tobytes())),
        nrrd_bytes(stored, encoding="hex", data=stored.tobytes().hex().encode()),
        nifti_bytes(stored),
        gzip.compress(nifti_bytes(stored)),
        zlib.compress(b"not an image"),
    ]


@QUICK
@given(data=st.data())
def test_survives_mutations(folder, stored, data):
    content = bytearray(data.draw(st.sampled_from(good_files(stored))))
    head = min(len(content), 700)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, head - 1))
        piece = data.draw(
            st.binary(max_size=12) | st.sampled_from([b"\xff" * 8, b"9" * 12, b"nan", b"\x7f\xff\xff\xff"])
        )
        content[at : at + data.draw(st.integers(0, 12))] = piece
    path = folder / "mutated"
    path.write_bytes(content[: data.draw(st.integers(1, len(content)))] if data.draw(st.booleans()) else content)
    try:
        radiograph = read_radiograph(path)
    except RadiographError:
        return
    assert np.isfinite(radiograph.pixels).all()
    assert 0 <= radiograph.pixels.min() < radiograph.pixels.max() <= 1
    assert np.isfinite(radiograph.affine).all()
    assert np.linalg.det(radiograph.affine) != 0

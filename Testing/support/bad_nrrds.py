"""Files in the format .seg.nrrd that must be rejected: edits of the good files of a `Kit`."""

from __future__ import annotations

import bz2
import gzip

import numpy as np
from segmentation_kit import Make, Table, zeros


def nrrd(old, new, *, single=False) -> Make:
    """Replace bytes of the header."""

    def make(kit):
        data = (kit.single_nrrd if single else kit.nrrd).read_bytes()
        assert old in data
        return data.replace(old, new, 1)

    return make


def nrrd_parts(edit) -> Make:
    """Make a file with a function from the header and the unpacked voxels to the bytes of the file."""
    return lambda kit: edit(*kit.single_nrrd_parts())


def nrrd_line(name, value) -> Make:
    """Replace the line of the header that begins with a name."""

    def edit(head, voxels):
        line = next(line for line in head.splitlines() if line.startswith(name))
        return head.replace(line, name + value) + gzip.compress(voxels)

    return nrrd_parts(edit)


def nrrd_encoding(encoding, encode) -> Make:
    return nrrd_parts(lambda head, voxels: head.replace(b"encoding: gzip", encoding) + encode(voxels))


def nrrd_offset(value) -> Make:
    return nrrd_line(b"Segmentation_ReferenceImageExtentOffset", b":=" + value)


def nrrd_directions(value) -> Make:
    return nrrd_line(b"space directions", b": " + value)


def nrrd_flipped_bits(kit):
    data = bytearray(kit.nrrd.read_bytes())
    data[-12] ^= 0xFF
    return bytes(data)


def nrrd_future_version(kit):
    data = kit.nrrd.read_bytes()
    return data.replace(b"NRRD0005" if b"NRRD0005" in data else b"NRRD0004", b"NRRD0099", 1)


def nrrd_header_bomb(head, voxels):
    return head[:-1] + b"".join(b"a%d:=b\n" % n for n in range(2_000_000)) + b"\n" + voxels


def nrrd_two_dimensions(head, voxels):
    head = head.replace(b"dimension: 3", b"dimension: 2").replace(b"sizes: 40 48 1", b"sizes: 40 48")
    return head + gzip.compress(voxels)


def nrrd_floats(head, voxels):
    type_line = next(line for line in head.splitlines() if line.startswith(b"type:"))
    floats = np.frombuffer(voxels, "u1").astype("<f4")
    return head.replace(type_line, b"type: float\nendian: little") + gzip.compress(floats)


def nrrd_without_segments(head, voxels):
    lines = [line for line in head.splitlines() if not line.startswith(b"Segment0")]
    return b"\n".join(lines) + b"\n\n" + gzip.compress(voxels)


def nrrd_same_label_twice(kit):
    data = nrrd(b"Segment1_Layer:=1", b"Segment1_Layer:=0")(kit)
    return data.replace(b"Segment1_LabelValue:=2", b"Segment1_LabelValue:=1", 1)


def nrrd_many_segments(head, voxels):
    more = b"".join(b"Segment%d_ID:=s%d\n" % (n, n) for n in range(1, 400))
    return head[:-1] + more + b"\n" + gzip.compress(voxels)


SIZES = b"sizes: 40 48 1"
RAW = b"encoding: raw\n"

NRRD: Table = {
    "empty_file": ("empty", lambda kit: b""),
    "text": ("not an NRRD", lambda kit: b"not a segmentation\n\n"),
    "dicom_named_nrrd": ("not an NRRD", lambda kit: kit.dicom.read_bytes()),
    "magic_only": ("damaged", lambda kit: b"NRRD0004\n"),
    "no_fields": ("damaged", lambda kit: b"NRRD0004\n\n"),
    "future_version": ("damaged", nrrd_future_version),
    "cut_in_the_header": ("damaged", lambda kit: kit.nrrd.read_bytes()[:300]),
    "header_bomb": ("damaged", nrrd_parts(nrrd_header_bomb)),
    "cut_in_the_values": ("damaged", lambda kit: kit.nrrd.read_bytes()[:-20]),
    "flipped_bits": ("damaged", nrrd_flipped_bits),
    "fewer_values": ("damaged", nrrd_parts(lambda head, voxels: head + gzip.compress(voxels[:-1]))),
    "more_values": ("damaged", nrrd_parts(lambda head, voxels: head + gzip.compress(voxels + b"\0"))),
    "gzip_bomb": ("damaged", nrrd_parts(lambda head, voxels: head + zeros(500_000_000, 31))),
    "huge_sizes": ("more pixels", nrrd(SIZES, b"sizes: 2000000000 2000000000 1", single=True)),
    "huge_area": ("more pixels", nrrd(SIZES, b"sizes: 20000 20000 1", single=True)),
    "many_layers": ("more pixels", nrrd(b"sizes: 2 40 48 1", b"sizes: 2000000 40 48 1")),
    "another_size": ("another grid", nrrd(SIZES, b"sizes: 48 40 1", single=True)),
    "volume": ("one picture", nrrd(SIZES, b"sizes: 40 24 2", single=True)),
    "no_rows": ("contradicts itself", nrrd(SIZES, b"sizes: 40 0 1", single=True)),
    "two_dimensions": ("one picture", nrrd_parts(nrrd_two_dimensions)),
    "dimension_contradicts_sizes": ("contradicts itself", nrrd(b"dimension: 3", b"dimension: 4", single=True)),
    "no_sizes": ("damaged", nrrd(SIZES + b"\n", b"", single=True)),
    "floating_point_values": ("damaged", nrrd_parts(nrrd_floats)),
    "no_type": ("damaged", nrrd(b"type: ", b"tipo: ")),
    "bzip2": ("in a way", nrrd_encoding(b"encoding: bzip2", bz2.compress)),
    "ascii": ("in a way", nrrd_encoding(b"encoding: ascii", lambda voxels: " ".join(map(str, voxels)).encode())),
    "byte_skip": ("in a way", nrrd_encoding(RAW + b"byte skip: -1", bytes)),
    "detached_file": ("another file", nrrd_encoding(RAW + b"data file: values.raw", lambda voxels: b"")),
    "list_of_files": ("damaged", nrrd_encoding(RAW + b"data file: LIST\n/etc/passwd", lambda voxels: b"")),
    "no_segments": ("no segments", nrrd_parts(nrrd_without_segments)),
    "no_label": ("which values", nrrd(b"Segment0_LabelValue", b"Segment0_LabelValues")),
    "no_layer": ("which values", nrrd(b"Segment1_Layer", b"Segment1_Layers")),
    "layer_out_of_range": ("which values", nrrd(b"Segment0_Layer:=0", b"Segment0_Layer:=9")),
    "same_label_twice": ("which values", nrrd_same_label_twice),
    "label_of_the_background": ("which values", nrrd(b"Segment0_LabelValue:=1", b"Segment0_LabelValue:=0")),
    "unknown_label": ("does not describe", nrrd(b"Segment0_LabelValue:=1", b"Segment0_LabelValue:=3")),
    "label_in_letters": ("damaged", nrrd(b"Segment0_LabelValue:=1", b"Segment0_LabelValue:=one")),
    "many_segments": ("more segments", nrrd_parts(nrrd_many_segments)),
    "another_radiograph": ("40 x 48", nrrd(b"0;39;0;47;0;0;", b"0;49;0;47;0;0;")),
    "radiograph_with_an_offset": ("40 x 48", nrrd(b"0;39;0;47;0;0;", b"5;44;0;47;0;0;")),
    "beyond_the_radiograph": ("another grid", nrrd_offset(b"3 0 0")),
    "before_the_radiograph": ("another grid", nrrd_offset(b"-1 0 0")),
    "fractional_offset": ("damaged", nrrd_offset(b"0.5 0 0")),
    "mirrored": ("another grid", nrrd_directions(b"(-0.15,0,0) (0,0.2,0) (0,0,1)")),
    "finer_grid": ("another grid", nrrd_directions(b"(0.075,0,0) (0,0.1,0) (0,0,1)")),
    "not_a_number_in_the_directions": ("another grid", nrrd_directions(b"(nan,0,0) (0,0.2,0) (0,0,1)")),
    "unknown_space": ("damaged", nrrd(b"left-posterior-superior", b"scanner-xyz")),
    "malformed_tags": ("damaged", nrrd(b"TerminologyEntry:", b"TerminologyEntry:~|x")),
}

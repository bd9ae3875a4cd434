"""The segments of a run: those of the network, those that a person accepts or draws, and their present masks."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.colors import to_uint8_rgb
from CausalCLIPSegLib.laterality import Side, side_in_image
from CausalCLIPSegLib.serve.radiographs import OpenRadiograph
from CausalCLIPSegLib.serve.refusals import Refusal

_CANDIDATE_FIELDS = ("place", "zones", "highest_probability", "denied", "sentence", "texts")


@dataclass(frozen=True)
class Measured:
    """The size of a mask; see `export.report.ResultDocument`."""

    area_mm2: float | None
    area_fraction: float
    components: int


@dataclass(frozen=True)
class RunSegment:
    """A segment as it is now.

    Attributes:
        identifier, name, kind, side, side_viewer, color: as in the worker's `SegmentDocument`; the sides are
            None if they are not known yet.
        network_mask: .npy, bool, rows x columns: what the network found; None if it found nothing.
        mask: the present mask, also .npy; None until there is one.
        measured: size of the present mask.
        is_candidate: the note does not name it.
        is_exported: it is part of the files.
        is_corrected: a person has changed or accepted it.
        is_drawn: a person has drawn it from scratch.
        has_side: its side was given; false: it is the side with most of the mask.
        details: further fields of a candidate.
    """

    identifier: str
    name: str
    kind: str
    side: Side | None
    side_viewer: Side | None
    color: tuple[float, float, float]
    network_mask: Path | None = None
    mask: Path | None = None
    measured: Measured = field(default_factory=lambda: Measured(None, 0, 0))
    is_candidate: bool = False
    is_exported: bool = True
    is_corrected: bool = False
    is_drawn: bool = False
    has_side: bool = True
    details: dict[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return the segment for a client."""
        area = self.measured.area_mm2
        return {
            "id": self.identifier,
            "name": self.name,
            "kind": self.kind,
            "side": self.side,
            "side_viewer": self.side_viewer,
            "color": to_uint8_rgb(self.color),
            "area_cm2": None if area is None else area / 100,
            "area_fraction": self.measured.area_fraction,
            "components": self.measured.components,
            "candidate": self.is_candidate,
            "corrected": self.is_corrected,
            "exported": self.is_exported and self.measured.components > 0,
            "statement": self.details.get("sentence", ""),
            **self.details,
        }

    def export_document(self) -> dict[str, Any]:
        """Return the segment for the worker's request "export"."""
        return {
            "id": self.identifier,
            "name": self.name,
            "kind": self.kind,
            "side": self.side,
            "color": self.color,
            "mask": str(self.mask),
            "corrected": self.is_corrected,
            "algorithm_type": "MANUAL" if self.is_drawn else None,
        }

    def as_found(self) -> RunSegment:
        """Return the segment as the network found it."""
        return replace(self, mask=self.network_mask, is_corrected=False)


def segments_of(result: dict[str, Any]) -> dict[str, RunSegment]:
    """Return the segments and candidates of the worker's answer to "segment", by identifier."""
    segments = [_segment(document) for document in result["segments"]]
    candidates = [
        replace(
            _segment(document),
            is_candidate=True,
            is_exported=False,
            details={name: document[name] for name in _CANDIDATE_FIELDS},
        )
        for document in result["not_in_note"]
    ]
    return {segment.identifier: segment for segment in (*segments, *candidates)}


def possible_segments(result: dict[str, Any]) -> dict[str, RunSegment]:
    """Return the segments that a mask on both sides would have, by identifier, without masks."""
    return {document["id"]: _without_mask(document) for document in result["possible"]}


def _segment(document: dict[str, Any]) -> RunSegment:
    mask = Path(document["mask"])
    measured = Measured(document["area_mm2"], document["area_fraction"], document["components"])
    return replace(_without_mask(document), network_mask=mask, mask=mask, measured=measured)


def _without_mask(document: dict[str, Any]) -> RunSegment:
    color = tuple(document["color"])
    names = ("name", "kind", "side", "side_viewer")
    return RunSegment(identifier=document["id"], color=color, **{name: document[name] for name in names})


def unpack(data: bytes, size: int, *, compressed: bool) -> bytes:
    """Return the bytes of a mask; of compressed data no more is unpacked than a mask has.

    Raises:
        Refusal: it is not the right size, or not gzip.
    """
    if compressed:
        try:
            unpacker = zlib.decompressobj(wbits=31)
            data = unpacker.decompress(data, size + 1)
        except zlib.error:
            raise Refusal(422, "request.invalid", "The mask is not gzip, although the request says so.") from None
    if len(data) != size:
        message = "The mask does not have the size of the radiograph: one byte for each pixel."
        raise Refusal(422, "mask.size", message, bytes=size)
    return data


def save_mask(data: bytes, segment: RunSegment, radiograph: OpenRadiograph, path: Path) -> RunSegment:
    """Save a mask that a person has made, and return the segment with it.

    Args:
        data: uint8, 0 or 1, rows x columns.
        segment: whose mask it is.
        radiograph: on which it lies.
        path: of the new file, .npy, bool.

    Raises:
        Refusal: it holds other values.
    """
    from CausalCLIPSegLib.mask.components import area_mm2, count_components  # SciPy is slow to import

    values = np.frombuffer(data, np.uint8).reshape(radiograph.rows, radiograph.columns)
    if values.max(initial=0) > 1:
        raise Refusal(422, "mask.values", "The mask holds other values than 0 and 1.")
    mask = values.astype(bool)
    np.save(path, mask)
    is_same = segment.network_mask is not None and np.array_equal(mask, np.load(segment.network_mask))
    side = segment.side if segment.has_side else _main_side(mask, radiograph.mirrored)
    return replace(
        segment,
        mask=path,
        side=side,
        side_viewer=None if side is None else side_in_image(side, radiograph.mirrored),
        measured=Measured(area_mm2(mask, radiograph.spacing), float(mask.mean()), count_components(mask)),
        is_exported=True,
        is_corrected=not is_same,
    )


def _main_side(mask: npt.NDArray[np.bool_], mirrored: bool | None) -> Side | None:
    """Return the side of the patient with most of a mask; None if it is empty."""
    from CausalCLIPSegLib.mask.sides import split_by_side

    areas = {side: int(half.sum()) for side, half in split_by_side(mask, mirrored=bool(mirrored)).items()}
    if not mask.any():
        return None
    return "left" if areas["left"] > areas["right"] else "right"


def mask_bytes(path: Path | None, shape: tuple[int, int]) -> bytes:
    """Return a mask for a client: uint8, 0 or 1, rows x columns."""
    if path is None:
        return bytes(shape[0] * shape[1])
    mask: npt.NDArray[np.bool_] = np.load(path)
    return mask.astype(np.uint8).tobytes()


def map_bytes(path: Path, low: float, high: float) -> bytes:
    """Return a map for a client: uint8, 0 at `low`, 255 at `high`, rows x columns."""
    values = np.load(path).astype(np.float32)
    scaled = (values - low) * (255 / max(high - low, 1e-6))
    return np.rint(np.clip(scaled, 0, 255)).astype(np.uint8).tobytes()


def bytes_path(array: Path) -> Path:
    """Return the path of the bytes that a client gets of a map or mask."""
    return array.with_suffix(".bytes")


def bytes_file(array: Path, make: Callable[[], bytes]) -> Path:
    """Return the file with the bytes of a map or mask, which is made once and then sent piece by piece."""
    path = bytes_path(array)
    if not path.exists():
        new = path.with_name(f"{path.name}-{uuid4().hex}")
        new.write_bytes(make())
        new.replace(path)  # another request may be making it, too
    return path

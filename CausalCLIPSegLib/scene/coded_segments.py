"""Coded segments in a MRML scene: terminology entries and tags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_REGION_CONTEXT = "Anatomic codes - DICOM master list"


def terminology_entry(terminology: Mapping[str, Any]) -> str:
    """Return Slicer's terminology entry for a segment's codes (worker.protocol.Terminology)."""
    category, kind, region = (_code(terminology[part]) for part in ("category", "type", "region"))
    return "~".join(
        (
            terminology["context"],
            category,
            kind,
            _code(None),
            _REGION_CONTEXT,
            region,
            _code(terminology.get("region_modifier")),
        )
    )


def segment_tag(segment: Any, name: str) -> str | None:
    """Return a tag of a vtkSegment, None if it has no such tag."""
    import vtk

    value = vtk.reference("")
    return str(value) if segment.GetTag(name, value) else None


def _code(code: Mapping[str, str] | None) -> str:
    return "^^" if code is None else f"{code['scheme']}^{code['value']}^{code['meaning']}"

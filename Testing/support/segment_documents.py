"""Segments as the worker describes them, with the product's own codes and colors."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from CausalCLIPSegLib import colors, terminology
from CausalCLIPSegLib.laterality import Side, opposite


def segment_document(side: Side, kind: str = "opacity") -> dict[str, Any]:
    """Return a segment as the worker describes it, without mask and areas (worker.protocol.PossibleSegment).

    Args:
        side: the patient's side; the image is not mirrored.
        kind: the kind of finding.
    """
    return {
        "id": f"{kind}_{side}",
        "name": terminology.segment_name(kind, side),
        "kind": kind,
        "side": side,
        "side_viewer": opposite(side),
        "color": colors.BY_SIDE[side],
        "terminology": {
            "context": terminology.CONTEXT_NAME,
            "category": asdict(terminology.CATEGORY),
            "type": asdict(terminology.code_of(kind)),
            "region": asdict(terminology.LUNG),
            "region_modifier": asdict(terminology.LATERALITY[side]),
        },
    }

"""What findings, places and sides are called in a terminology: the one table that every file takes its codes from.

They stand in context groups of DICOM PS3.16: 6102 and 6104 (findings on a chest film), 8134 (chest radiography), 7150
(categories of a segment), 4 (anatomic regions), 244 (laterality). Consolidation stands in none; it is SNOMED CT's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from CausalCLIPSegLib import colors
from CausalCLIPSegLib.laterality import Side


@dataclass(frozen=True)
class Code:
    """An entry of a terminology.

    Attributes:
        value: the code itself, for instance "39607008".
        scheme: who gave it: "SCT" for SNOMED CT, "DCM" for DICOM.
        meaning: what a person reads.
    """

    value: str
    scheme: str
    meaning: str


CONTEXT_NAME = "Chest radiograph findings"
"""Name of the terminology in Slicer's sense; its own lists have none of these findings."""

CATEGORY = Code("49755003", "SCT", "Morphologically Abnormal Structure")
"""What all findings are."""

LUNG = Code("39607008", "SCT", "Lung")

LATERALITY: dict[Side, Code] = {
    "right": Code("24028007", "SCT", "Right"),
    "left": Code("7771000", "SCT", "Left"),
}
"""The patient's side."""

OPACITY = Code("112001", "DCM", "Opacity")
"""What is seen where a note names a disease: pneumonia is a diagnosis, which no outline proves."""

FINDINGS: dict[str, Code] = {
    "infection": OPACITY,
    "pneumonia": OPACITY,
    "consolidation": Code("95436008", "SCT", "Lung consolidation"),
    "opacity": OPACITY,
    # Not 50196008 SCT, which is often copied and means perialveolar fibrosis.
    "ground glass": Code("112120", "DCM", "Ground glass opacity"),
    "infiltrate": Code("112121", "DCM", "Infiltrate"),
    "airspace disease": OPACITY,
    "interstitial change": Code("112004", "DCM", "Abnormal interstitial pattern"),
    "abnormality": OPACITY,
    "effusion": Code("60046008", "SCT", "Pleural effusion"),
    "pneumothorax": Code("36118008", "SCT", "Pneumothorax"),
}
"""By the kind of a finding in a note's lexicon: what the model outlines, and what a person may add to it."""

DEFAULT_KIND = "infection"
"""What the model was trained to outline, for where a note gives no better word."""


def code_of(kind: str) -> Code:
    """Return the code of a kind of finding, that of an opacity for a kind without its own."""
    return FINDINGS.get(kind, OPACITY)


def slicer_terminology() -> dict[str, Any]:
    """Return the findings in the format of Slicer's terminology files, as Resources/ChestRadiographFindings.term.json.

    Lung and side are not in it: Slicer's own list of anatomic regions has them.
    """
    return {
        "SegmentationCategoryTypeContextName": CONTEXT_NAME,
        "@schema": "https://raw.githubusercontent.com/qiicr/dcmqi/master/doc/segment-context-schema.json#",
        "SegmentationCodes": {
            "Category": [
                {
                    **_slicer_code(CATEGORY),
                    "showAnatomy": True,
                    "Type": [
                        {**_slicer_code(code), "recommendedDisplayRGBValue": list(color)}
                        for code, color in zip(dict.fromkeys(FINDINGS.values()), _COLORS, strict=True)
                    ],
                }
            ]
        },
    }


def _slicer_code(code: Code) -> dict[str, Any]:
    return {"CodeMeaning": code.meaning, "CodingSchemeDesignator": code.scheme, "CodeValue": code.value}


_COLORS = (
    colors.ORANGE,
    colors.VERMILION,
    colors.PURPLE,
    colors.YELLOW,
    colors.GREEN,
    colors.SKY_BLUE,
    colors.BLUE,
)

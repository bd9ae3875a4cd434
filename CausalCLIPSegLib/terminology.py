"""Codes of findings, regions and sides: the one table from which every file takes its codes.

The codes are in these context groups of DICOM PS3.16: 6102 and 6104 (findings on a chest radiograph), 8134 (chest
radiography), 7150 (categories of a segment), 4 (anatomic regions), 244 (laterality). The codes of consolidation and of
the findings after pneumothorax are from SNOMED CT, and some are in none of these groups.
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
        scheme: the terminology: "SCT" for SNOMED CT, "DCM" for DICOM.
        meaning: the wording that a person reads.
    """

    value: str
    scheme: str
    meaning: str

    def is_same(self, other: Code | None) -> bool:
        """Whether another code has the same value and scheme; the wording of the meaning does not matter."""
        return other is not None and (self.value, self.scheme) == (other.value, other.scheme)


CONTEXT_NAME = "Chest radiograph findings"
"""Name of this table among Slicer's terminologies; Slicer's own lists have none of these findings."""

REGION_CONTEXT_NAME = "Anatomic codes - DICOM master list"
"""Slicer's own list of regions and sides."""

CATEGORY = Code("49755003", "SCT", "Morphologically Abnormal Structure")
"""Category of every finding."""

LUNG = Code("39607008", "SCT", "Lung")

LATERALITY: dict[Side, Code] = {
    "right": Code("24028007", "SCT", "Right"),
    "left": Code("7771000", "SCT", "Left"),
}
"""The patient's side."""

OPACITY = Code("112001", "DCM", "Opacity")
"""Code for a disease that a note names: pneumonia is a diagnosis, and a mask proves only the opacity."""

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
    "atelectasis": Code("46621007", "SCT", "Atelectasis"),
    "nodule": Code("27925004", "SCT", "Nodule"),
    "mass": Code("4147007", "SCT", "Mass"),
    "calcification": Code("18115005", "SCT", "pathologic calcification"),
    "emphysema": Code("87433001", "SCT", "Pulmonary emphysema"),
    "fibrosis": Code("112674009", "SCT", "Fibrosis"),
    "pleural thickening": OPACITY,
    "cardiomegaly": Code("8186001", "SCT", "Cardiomegaly"),
    "fracture": Code("72704001", "SCT", "Fracture"),
}
"""Codes by kind of finding, as the lexicons of the notes name it: what a model segments or a person may add."""

_REGIONS: dict[str, Code] = {
    "cardiomegaly": Code("80891009", "SCT", "Heart"),
    "fracture": Code("113197003", "SCT", "Rib"),
}
"""The region of the kinds that are not in the lung."""

DEFAULT_KIND = "infection"
"""What the model was trained to segment; used if a note gives no more precise kind."""


def code_of(kind: str) -> Code:
    """Return the code of a kind of finding; the code of an opacity if the kind is unknown."""
    return FINDINGS.get(kind, OPACITY)


def region_of(kind: str) -> Code:
    """Return the region that a kind of finding lies in: the lung, unless it has another one."""
    return _REGIONS.get(kind, LUNG)


def segment_name(kind: str, side: Side) -> str:
    """Return the name of a segment, in the words of its code, so that both say the same: "Opacity, right lung"."""
    finding = code_of(kind).meaning.removeprefix("Lung ")
    lung = " lung" if region_of(kind) is LUNG else ""
    return f"{finding[:1].upper()}{finding[1:]}, {side}{lung}"


def slicer_terminology() -> dict[str, Any]:
    """Return the findings in the format of Slicer's terminology files, as Resources/ChestRadiographFindings.term.json.

    Lung and sides are left out, because Slicer's own list of anatomic regions has them.
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
                        {**_slicer_code(code), "recommendedDisplayRGBValue": _display_color(number)}
                        for number, code in enumerate(dict.fromkeys(FINDINGS.values()))
                    ],
                }
            ]
        },
    }


def _slicer_code(code: Code) -> dict[str, Any]:
    return {"CodeMeaning": code.meaning, "CodingSchemeDesignator": code.scheme, "CodeValue": code.value}


_FINDING_COLORS = (
    colors.ORANGE,
    colors.VERMILION,
    colors.PURPLE,
    colors.YELLOW,
    colors.GREEN,
    colors.SKY_BLUE,
    colors.BLUE,
)
"""Colors that Slicer proposes for the different codes in `FINDINGS`, in their order; then darker ones."""


def _display_color(number: int) -> list[int]:
    round_, index = divmod(number, len(_FINDING_COLORS))
    return [round(component * 0.6**round_) for component in _FINDING_COLORS[index]]

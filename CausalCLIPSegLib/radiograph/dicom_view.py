"""Tell lateral from frontal views by the words in a DICOM header.

Attributes that describe this image decide before those that describe the whole study, which often names both views
("chest PA and lateral"). A view is told by whole words, because "BILATERAL", "FLAT" and "LATERALITY" are not views.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from pydicom import Dataset
from pydicom.multival import MultiValue

from CausalCLIPSegLib.radiograph.dicom_geometry import directions

View = Literal["frontal", "lateral", "both", ""]

_DESCRIPTIONS = (
    *("SeriesDescription", "AcquisitionDeviceProcessingDescription", "ProtocolName"),
    "PerformedProcedureStepDescription",
    *("RequestedProcedureDescription", "ScheduledProcedureStepDescription", "StudyDescription"),
)
"""From the most specific to the least."""
_PROCEDURE_SEQUENCES = ("PerformedProtocolCodeSequence", "RequestAttributesSequence", "ProcedureCodeSequence")

_LATERAL_WORDS = frozenset(
    {
        *("LAT", "LATERAL", "LATERALS", "LLAT", "RLAT", "LATL", "LATR", "LL", "LATEROLATERAL", "LATERO", "CROSSTABLE"),
        *("SEITLICH", "SEITLICHE", "SEITLICHER", "SEITLICHES", "SEITL", "SEITENAUFNAHME", "SEITBILD"),  # German
        *("LATERALE", "LATERALI", "LATERALES", "PROFIL", "PROFILO", "PERFIL"),  # French, Italian, Spanish, Portuguese
        *("LATERAAL", "LATERALT", "DWARS", "SIDO", "SIDOBILD"),  # Dutch, Swedish
        *("BOCZNE", "BOCZNA", "BOCZNY", "БОКОВАЯ", "БОКОВОИ"),  # Polish, Russian
    }
)
_LATERAL_SIGNS = ("側面", "側位", "侧位", "측면")
_FRONTAL_WORDS = frozenset(
    {
        *("AP", "PA", "DV", "VD", "FRONTAL", "FRONTALE", "FRONT", "FACE", "FRENTE", "ПРЯМАЯ"),
        *("POSTEROANTERIOR", "ANTEROPOSTERIOR", "POSTERO", "ANTERO"),
    }
)
_FRONTAL_SIGNS = ("正面", "正位", "후전")
# In a lateral decubitus view the patient lies on the side, but the beam runs from front to back or back to front.
_DECUBITUS = re.compile(r"\b(LLD|RLD|DEC|DECUB\w*|DEKUB\w*)\b")
_LATERAL_POSITIONS = frozenset({"LL", "RL", "LM", "ML"})
# CID 4010 (DX View) in SNOMED CT and SNOMED RT: lateral, left lateral, right lateral, medio-lateral, latero-medial;
# and frontal, antero-posterior, postero-anterior.
_LATERAL_CODES = frozenset(
    {
        *("399067008", "399173006", "399198007", "399260004", "399352003"),
        *("R-102CD", "R-10236", "R-10232", "R-10224", "R-10228"),
    }
)
_FRONTAL_CODES = frozenset({"399033003", "399348003", "272479007", "R-10206", "R-10214"})


def view(header: Dataset) -> View:
    """Return what the header says about the view; "both" if it names both, "" if it names none."""
    if directions(header)[0] in {"A", "P"}:
        return "lateral"
    position = view_of_words(_text(header, "ViewPosition"), _LATERAL_POSITIONS)
    named = _named_view(header)
    if position == "frontal":
        return "both" if named == "lateral" else "frontal"
    return position or named


def view_of_words(text: str, further_lateral: frozenset[str] = frozenset()) -> View:
    """Return the view that a text names by whole words, in any letter case and with or without accents."""
    plain = unicodedata.normalize("NFKD", text.upper())
    plain = "".join(character for character in plain if not unicodedata.combining(character))
    plain = re.sub(r"\b([AP])[\s.]*[-/]?[\s.]*([AP])\b", r"\1\2", plain)  # "p.a.", "a.-p.", "P A", "P/A"
    if _DECUBITUS.search(plain):
        return "frontal"
    words = set(re.findall(r"[^\W\d_]+", plain))
    is_lateral = bool(words & (_LATERAL_WORDS | further_lateral)) or any(sign in text for sign in _LATERAL_SIGNS)
    is_frontal = bool(words & _FRONTAL_WORDS) or any(sign in text for sign in _FRONTAL_SIGNS)
    return "both" if is_lateral and is_frontal else "lateral" if is_lateral else "frontal" if is_frontal else ""


def _named_view(header: Dataset) -> View:
    """Return the view that the most specific attribute names alone; "both" if some attribute names both."""
    found: list[View] = [_view_of_codes(header)]
    found += [view_of_words(_text(header, keyword)) for keyword in _DESCRIPTIONS]
    for keyword in _PROCEDURE_SEQUENCES:
        found += [view_of_words(_texts_of(item)) for item in _items(header, keyword)]
    decided = [each for each in found if each in {"frontal", "lateral"}]
    return decided[0] if decided else "both" if "both" in found else ""


def _view_of_codes(header: Dataset) -> View:
    for item in _items(header, "ViewCodeSequence"):
        code = _text(item, "CodeValue")
        by_code: View = "lateral" if code in _LATERAL_CODES else "frontal" if code in _FRONTAL_CODES else ""
        if found := view_of_words(_text(item, "CodeMeaning")) or by_code:
            return found
    return ""


def _texts_of(item: Dataset) -> str:
    keywords = ("CodeMeaning", "ScheduledProcedureStepDescription", "RequestedProcedureDescription")
    return " ".join(_text(item, keyword) for keyword in keywords)


def _items(header: Dataset, keyword: str) -> list[Dataset]:
    value = header.get(keyword)
    return list(value) if value and all(isinstance(item, Dataset) for item in value) else []


def _text(header: Dataset, keyword: str) -> str:
    value = header.get(keyword)
    return " ".join(map(str, value)) if isinstance(value, MultiValue) else str(value or "")

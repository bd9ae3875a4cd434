"""What Slicer's Extensions Index asks of a repository: the checks of its script, and what its reviewers look at."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import pytest
from packaging.requirements import Requirement
from PIL import Image

ROOT = Path(__file__).parent.parent.parent
EXTENSION = ROOT / "CausalCLIPSegExtension"
MODULES = [EXTENSION / "CausalCLIPSeg", EXTENSION / "CausalCLIPSegDICOM"]
CMAKE = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
KNOWN = {
    "$schema": str,
    "category": str,
    "scm_url": str,
    "scm_revision": str,
    "scm_type": str,
    "build_dependencies": list,
    "build_subdirectory": str,
    "enabled": bool,
    "tier": int,
}


def value(name: str) -> str:
    match = re.search(rf'set\s*\({name}\s*"([^"\n]+)"\s*\)', CMAKE)
    assert match, f"{name} is not set on one line"
    return match.group(1)


def test_descriptor_follows_the_schema():
    raw = (ROOT / "CausalCLIPSeg.json").read_bytes()
    assert b"\r" not in raw
    document = json.loads(raw)
    assert {"$schema", "category", "scm_url"} <= set(document)
    for key, found in document.items():
        assert isinstance(found, KNOWN[key]), key
    assert re.search(r"slicer-extension-catalog-entry-schema-v1\.0\.\d\.json#?$", document["$schema"])
    assert document["category"] == "Segmentation"
    assert 1 <= document["tier"] <= 5
    assert all(isinstance(one, str) for one in document["build_dependencies"])


def test_names_and_addresses_agree():
    """OWNER is no account: until the repository has a public address, nothing can be reached at these."""
    document = json.loads((ROOT / "CausalCLIPSeg.json").read_text(encoding="utf-8"))
    name = re.search(r"project\s*\(\s*([^\s)]+)", CMAKE).group(1)
    assert name == "CausalCLIPSeg"
    assert not name.lower().startswith("slicer")
    address = re.fullmatch(r"https://github\.com/([\w-]+/SlicerCausalCLIPSeg)\.git", document["scm_url"])
    assert value("EXTENSION_HOMEPAGE") == f"https://github.com/{address.group(1)}"
    raw = f"https://raw.githubusercontent.com/{address.group(1)}/{document['scm_revision']}/"
    for picture in (value("EXTENSION_ICONURL"), *value("EXTENSION_SCREENSHOTURLS").split()):
        assert picture.startswith(raw)
    assert ("OWNER" in address.group(1)) == ("no public address yet" in CMAKE)
    assert value("EXTENSION_DEPENDS").split() == document["build_dependencies"]


def test_pictures_that_are_named_are_there():
    icon = value("EXTENSION_ICONURL")
    shots = value("EXTENSION_SCREENSHOTURLS").split()
    assert shots
    for address in (icon, *shots):
        path = ROOT / address.split("/main/")[1]
        with Image.open(path) as picture:
            assert picture.format in {"PNG", "JPEG"}
            picture.load()
    with Image.open(ROOT / icon.split("/main/")[1]) as picture:
        assert picture.size == (128, 128)


def test_license_and_size():
    assert (ROOT / "LICENSE").is_file()
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    sizes = [(ROOT / name).stat().st_size for name in tracked.decode().split("\0") if name and (ROOT / name).is_file()]
    assert sum(sizes) < 100 * 2**20


@pytest.mark.parametrize("path", sorted(EXTENSION.rglob("*.py")), ids=lambda path: path.name)
def test_nothing_but_slicer_and_the_library_is_imported_at_file_scope(path):
    allowed = {"qt", "ctk", "vtk", "slicer", "CausalCLIPSegLib", "CausalCLIPSegModule", "CausalCLIPSegDICOMModule"}
    allowed |= {"DICOMLib", "numpy"}  # they come with Slicer
    import sys

    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
        names += [node.module] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            top = name.split(".")[0]
            assert top in allowed | set(sys.stdlib_module_names), f"{path.name} imports {name}"


@pytest.mark.parametrize("path", sorted(EXTENSION.rglob("*.py")), ids=lambda path: path.name)
def test_strings_are_translatable_and_short(path):
    text = path.read_text(encoding="utf-8")
    assert all(len(line) < 120 for line in text.splitlines())
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_":
            assert isinstance(node.args[0], ast.Constant), f"{path.name}:{node.lineno}: not a plain string inside _()"


NOT_TRANSLATED = {
    *("The CausalCLIPSeg contributors", "A result cannot be shown"),  # a name, and a line of the log
    *("The packages of the network are not installed; the run is not tested.",),  # for who runs the self test
}


@pytest.mark.parametrize("path", sorted(EXTENSION.rglob("*.py")), ids=lambda path: path.name)
def test_every_sentence_can_be_translated(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    passed = set()
    for node in ast.walk(tree):
        translated = isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"_", "translate"}
        if translated or isinstance(node, ast.Expr):  # or what documents
            passed |= {id(part) for part in (ast.walk(node) if translated else [node.value])}
    words = [one for one in ast.walk(tree) if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    sentences = [one for one in words if re.match("[A-Z][a-z]+ [a-z]", one.value) and id(one) not in passed]
    assert {one.value for one in sentences} <= NOT_TRANSLATED


def test_requirements_have_floor_and_ceiling_and_agree_with_the_package():
    package = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    floors = {one.name: _bound(one, ">=") for one in map(Requirement, package)}
    lines = (MODULES[0] / "Resources/requirements.txt").read_text(encoding="utf-8").splitlines()
    asked = [Requirement(line) for line in lines if line and not line.startswith("#")]
    assert {"torch", "open-clip-torch", "pydantic", "highdicom"} <= {one.name for one in asked}
    for one in asked:
        assert _bound(one, ">=") == floors[one.name], one.name
        assert _bound(one, "<"), one.name


def _bound(requirement: Requirement, operator: str) -> str | None:
    return next((one.version for one in requirement.specifier if one.operator == operator), None)


UI = EXTENSION / "CausalCLIPSeg/Resources/UI/CausalCLIPSeg.ui"
CONTROLS = {
    *("QPushButton", "QComboBox", "QCheckBox", "QPlainTextEdit", "QProgressBar"),
    *("ctkSliderWidget", "ctkCollapsibleButton", "qMRMLNodeComboBox", "qMRMLSegmentEditorWidget"),
}


def test_every_control_has_a_tooltip_and_a_name_that_can_be_read_aloud():
    for widget in ElementTree.parse(UI).iter("widget"):
        if widget.get("class") in CONTROLS:
            own = {one.get("name") for one in widget.findall("property")}
            assert {"toolTip", "accessibleName"} <= own, widget.get("name")


def test_every_key_stop_is_a_control_and_every_buddy_is_there():
    tree = ElementTree.parse(UI)
    names = {one.get("name"): one.get("class") for one in tree.iter("widget")}
    stops = [one.text for one in tree.iter("tabstop")]
    assert len(stops) == len(set(stops))
    controls = {name for name, kind in names.items() if kind in CONTROLS - {"QProgressBar"}}
    selectable = {
        one.get("name")
        for one in tree.iter("widget")
        for flags in one.findall("property/set")
        if "ByKeyboard" in flags.text
    }
    assert set(stops) == controls | selectable
    for one in tree.iter("property"):
        if one.get("name") == "buddy":
            assert one.find("cstring").text in names


def test_no_letter_leads_to_two_controls_or_to_a_menu_of_slicer():
    letters = re.findall(r"&amp;(\w)", UI.read_text(encoding="utf-8").upper().replace("&AMP;", "&amp;"))
    assert len(letters) == len(set(letters)) > 0
    assert not set(letters) & set("FEVH")  # File, Edit, View, Help


def test_the_panel_says_once_that_it_is_for_research():
    assert UI.read_text(encoding="utf-8").count("not for diagnosis") == 1

"""Requirements of Slicer's Extensions Index: the checks of its script, and what its reviewers look for."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
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
SCHEMA = {
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


def cmake_value(name: str) -> str:
    match = re.search(rf'set\s*\({name}\s*"([^"\n]+)"\s*\)', CMAKE)
    assert match, f"{name} is not set on one line"
    return match.group(1)


def test_descriptor_follows_the_schema():
    raw = (ROOT / "CausalCLIPSeg.json").read_bytes()
    assert b"\r" not in raw
    document = json.loads(raw)
    assert {"$schema", "category", "scm_url"} <= set(document)
    for key, field in document.items():
        assert isinstance(field, SCHEMA[key]), key
    assert re.search(r"slicer-extension-catalog-entry-schema-v1\.0\.\d\.json#?$", document["$schema"])
    assert document["category"] == "Segmentation"
    assert 1 <= document["tier"] <= 5
    assert all(isinstance(name, str) for name in document["build_dependencies"])


def test_names_and_addresses_agree():
    """OWNER is a placeholder until the repository has a public address."""
    document = json.loads((ROOT / "CausalCLIPSeg.json").read_text(encoding="utf-8"))
    name = re.search(r"project\s*\(\s*([^\s)]+)", CMAKE).group(1)
    assert name == "CausalCLIPSeg"
    assert not name.lower().startswith("slicer")
    address = re.fullmatch(r"https://github\.com/([\w-]+/SlicerCausalCLIPSeg)\.git", document["scm_url"])
    assert cmake_value("EXTENSION_HOMEPAGE") == f"https://github.com/{address.group(1)}"
    raw = f"https://raw.githubusercontent.com/{address.group(1)}/{document['scm_revision']}/"
    for picture in (cmake_value("EXTENSION_ICONURL"), *cmake_value("EXTENSION_SCREENSHOTURLS").split()):
        assert picture.startswith(raw)
    assert ("OWNER" in address.group(1)) == ("no public address yet" in CMAKE)
    assert cmake_value("EXTENSION_DEPENDS") == (" ".join(document["build_dependencies"]) or "NA")


def test_icon_and_screenshots_exist():
    icon = cmake_value("EXTENSION_ICONURL")
    screenshots = cmake_value("EXTENSION_SCREENSHOTURLS").split()
    assert screenshots
    for address in (icon, *screenshots):
        path = ROOT / address.split("/main/")[1]
        with Image.open(path) as picture:
            assert picture.format in {"PNG", "JPEG"}
            picture.load()
    with Image.open(ROOT / icon.split("/main/")[1]) as picture:
        assert picture.size == (128, 128)


def test_repository_has_a_license():
    assert (ROOT / "LICENSE").is_file()


def test_a_full_clone_is_smaller_than_100_mb(tmp_path):
    """The Index sums the files of a clone with its whole history (check_repository_size)."""
    subprocess.run(["git", "clone", "-q", ROOT.as_uri(), tmp_path / "clone"], check=True, capture_output=True)
    size = sum(path.lstat().st_size for path in (tmp_path / "clone").rglob("*") if not path.is_dir())
    assert size < 100 * 10**6, f"{size / 10**6:.0f} MB"


def test_the_help_of_the_module_leads_to_the_manual():
    text = (EXTENSION / "CausalCLIPSeg/CausalCLIPSegModule/manual.py").read_text(encoding="utf-8")
    address = re.search(r'MANUAL = "(.*?)"', text).group(1)
    assert address.startswith(cmake_value("EXTENSION_HOMEPAGE") + "/blob/main/")
    assert (ROOT / address.split("/blob/main/")[1]).is_file()


@pytest.mark.parametrize("path", sorted(EXTENSION.rglob("*.py")), ids=lambda path: path.name)
def test_files_import_only_slicer_and_the_library_at_the_top(path):
    allowed = {"qt", "ctk", "vtk", "slicer", "CausalCLIPSegLib", "CausalCLIPSegModule", "CausalCLIPSegDICOMModule"}
    allowed |= {"DICOMLib", "numpy"}  # parts of Slicer
    allowed |= set(sys.stdlib_module_names)

    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            assert name.split(".")[0] in allowed, f"{path.name} imports {name}"


@pytest.mark.parametrize("path", sorted(EXTENSION.rglob("*.py")), ids=lambda path: path.name)
def test_only_plain_strings_are_passed_to_the_translation(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_":
            assert isinstance(node.args[0], ast.Constant), f"{path.name}:{node.lineno}: not a plain string"


NOT_TRANSLATED = {
    "The CausalCLIPSeg contributors",  # a name
    "A result cannot be shown",  # in the log
    "Removing temporary files of a session that has not ended properly",  # in the log
    "No scene is open",  # a programming error
    "The packages of the network are not installed; the run is not tested.",  # the self test, for developers
}


@pytest.mark.parametrize("path", sorted(EXTENSION.rglob("*.py")), ids=lambda path: path.name)
def test_every_sentence_is_translatable(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    exempt = set()
    for node in ast.walk(tree):
        translated = isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"_", "translate"}
        if translated or isinstance(node, ast.Expr):  # an expression statement can be a docstring
            exempt |= {id(descendant) for descendant in (ast.walk(node) if translated else [node.value])}
    strings = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    sentences = {
        string.value for string in strings if re.match("[A-Z][a-z]+ [a-z]", string.value) and id(string) not in exempt
    }
    assert sentences <= NOT_TRANSLATED


def test_requirements_have_bounds_that_agree_with_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    package = [*project["dependencies"], *project["optional-dependencies"]["torch"]]
    minimums = {requirement.name: _bound(requirement, ">=") for requirement in map(Requirement, package)}
    cpu, gpu = (_requirements(name) for name in ("requirements.txt", "requirements-gpu.txt"))
    assert {"onnxruntime", "pydantic", "highdicom"} <= {requirement.name for requirement in cpu}
    assert {"torch", "open-clip-torch"} <= {requirement.name for requirement in gpu}
    assert not {requirement.name for requirement in cpu} & {requirement.name for requirement in gpu}
    for requirement in (*cpu, *gpu):
        assert _bound(requirement, ">=") == minimums[requirement.name], requirement.name
        assert _bound(requirement, "<"), requirement.name


def _requirements(name: str) -> list[Requirement]:
    lines = (MODULES[0] / "Resources" / name).read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def _bound(requirement: Requirement, operator: str) -> str | None:
    return next((bound.version for bound in requirement.specifier if bound.operator == operator), None)


UI = EXTENSION / "CausalCLIPSeg/Resources/UI/CausalCLIPSeg.ui"
CONTROLS = {
    *("QTabWidget", "QLineEdit"),
    *("QPushButton", "QComboBox", "QCheckBox", "QPlainTextEdit", "QProgressBar"),
    *("ctkSliderWidget", "ctkCollapsibleButton", "qMRMLNodeComboBox", "qMRMLSegmentEditorWidget"),
}


def test_every_control_has_a_tooltip_and_an_accessible_name():
    for widget in ElementTree.parse(UI).iter("widget"):
        if widget.get("class") in CONTROLS:
            properties = {element.get("name") for element in widget.findall("property")}
            assert {"toolTip", "accessibleName"} <= properties, widget.get("name")


def test_tab_stops_are_all_controls_and_buddies_exist():
    tree = ElementTree.parse(UI)
    classes = {widget.get("name"): widget.get("class") for widget in tree.iter("widget")}
    stops = [element.text for element in tree.iter("tabstop")]
    assert len(stops) == len(set(stops))
    controls = {name for name, widget_class in classes.items() if widget_class in CONTROLS - {"QProgressBar"}}
    selectable = {
        widget.get("name")
        for widget in tree.iter("widget")
        for flags in widget.findall("property/set")
        if "ByKeyboard" in flags.text
    }
    assert set(stops) == controls | selectable
    for element in tree.iter("property"):
        if element.get("name") == "buddy":
            assert element.find("cstring").text in classes


def test_mnemonics_are_unique_and_differ_from_the_menus_of_slicer():
    letters = re.findall(r"&amp;(\w)", UI.read_text(encoding="utf-8").upper().replace("&AMP;", "&amp;"))
    assert len(letters) == len(set(letters)) > 0
    assert not set(letters) & set("FEVH")  # File, Edit, View, Help


def test_panel_says_once_that_it_is_not_for_diagnosis():
    assert UI.read_text(encoding="utf-8").count("not for diagnosis") == 1

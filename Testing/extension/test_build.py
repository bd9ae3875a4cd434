"""Configure and install the extension with CMake, against a stand-in for Slicer's build tree (cmake/)."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from pathlib import Path
from types import SimpleNamespace

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
SHIPPED = {".py", ".ui", ".json", ".png", ".txt"}
TOOLS = [f"-DCMAKE_{tool}={sys.executable}" for tool in ("MAKE_PROGRAM", "C_COMPILER", "CXX_COMPILER")]
NO_COMPILERS = ["-G", "Unix Makefiles", *TOOLS, "-DCMAKE_C_COMPILER_FORCED=ON", "-DCMAKE_CXX_COMPILER_FORCED=ON"]
"""Nothing is compiled, so no compiler is needed; CMake accepts any program in its place."""


def run_tool(program: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a program from a package of the test environment."""
    command = [str(Path(sysconfig.get_path("scripts")) / program), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> SimpleNamespace:
    """The configured and installed extension: its modules, description, tests, and installation folder."""
    build, prefix = tmp_path_factory.mktemp("build"), tmp_path_factory.mktemp("installed")
    configured = run_tool("cmake", "-S", ROOT, "-B", build, *NO_COMPILERS, f"-DSlicer_DIR={HERE / 'cmake'}")
    assert configured.returncode == 0, configured.stderr
    assert configured.stderr == ""
    tests = json.loads(run_tool("ctest", "--test-dir", build, "--show-only=json-v1").stdout)["tests"]
    installed = run_tool("cmake", "--install", build, "--prefix", prefix)
    assert installed.returncode == 0, installed.stderr
    modules = {}
    for line in (build / "modules.txt").read_text().splitlines():
        folder, name, scripts, resources = line.split("|")
        modules[name] = SimpleNamespace(
            folder=Path(folder), scripts=scripts.split(";"), resources=resources.split(";")
        )
    variables = (line.partition("=") for line in (build / "extension.txt").read_text().splitlines())
    return SimpleNamespace(
        modules=modules,
        description={name: value for name, _, value in variables},
        tests={test["name"] for test in tests},
        folder=prefix / "lib/Slicer-5.12/qt-scripted-modules",
    )


def test_every_file_of_a_module_is_listed_and_installed(built):
    assert set(built.modules) == {"CausalCLIPSeg", "CausalCLIPSegDICOM"}
    for name, module in built.modules.items():
        files = {
            path.relative_to(module.folder).as_posix() for path in module.folder.rglob("*") if path.suffix in SHIPPED
        } - {"CMakeLists.txt"}
        assert sorted([*module.scripts, *module.resources]) == sorted(files), name
        assert all((built.folder / file).is_file() for file in files)


def test_ctest_runs_the_generic_test_of_each_module_and_the_self_test(built):
    assert built.tests == {
        "py_CausalCLIPSeg",
        "py_nomainwindow_qSlicerCausalCLIPSegModuleGenericTest",
        "py_nomainwindow_qSlicerCausalCLIPSegDICOMModuleGenericTest",
    }


def test_description_and_descriptor_agree(built):
    descriptor = json.loads((ROOT / "CausalCLIPSeg.json").read_text(encoding="utf-8"))
    assert all(built.description.values()), built.description
    assert built.description["NAME"] == "CausalCLIPSeg"
    assert built.description["DEPENDS"] == (" ".join(descriptor["build_dependencies"]) or "NA")
    assert built.description["HOMEPAGE"] == descriptor["scm_url"].removesuffix(".git")


def test_installed_library_is_complete_and_contains_every_checkpoint_with_its_license(built):
    library = built.folder / "CausalCLIPSegLib"
    source = ROOT / "CausalCLIPSegLib"
    files = {path.relative_to(source) for path in source.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    files = {file for file in files if file.parts[0] != "serve" or file.suffix == ".py"}  # not the page
    assert {path.relative_to(library) for path in library.rglob("*") if path.is_file()} >= files
    # in the folder of the modules, as the worker is started, so that the installed copy of the library is imported
    script = "from CausalCLIPSegLib.model import card; print(card.find_checkpoint('default'))"
    command = [sys.executable, "-c", script]
    run = subprocess.run(command, cwd=built.folder, capture_output=True, text=True, check=True, timeout=60)
    assert Path(run.stdout.strip()).is_relative_to(library)
    resources = ROOT / "Resources"
    files = [*resources.glob("checkpoints/*/*"), resources / "ChestRadiographFindings.term.json"]
    assert sum(file.name == "LICENSE" for file in files) == sum(file.name == "card.json" for file in files) > 1
    assert all((library / file.relative_to(ROOT)).read_bytes() == file.read_bytes() for file in files)

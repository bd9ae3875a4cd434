"""`from CausalCLIPSegLib import ...` gives a Python user everything, and importing the package stays quick."""

import subprocess
import sys

import pytest

import CausalCLIPSegLib


def python(code: str) -> str:
    """Run code in a fresh interpreter, and return what it prints."""
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def modules_after(statement: str) -> set[str]:
    """Return the top-level modules that a fresh interpreter has loaded after a statement."""
    return set(python(f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})").split())


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import CausalCLIPSegLib", {"numpy", "torch", "pydicom", "pydantic", "PIL", "scipy"}),
        ("import CausalCLIPSegLib; dir(CausalCLIPSegLib)", {"numpy", "torch", "pydicom"}),
        ("from CausalCLIPSegLib import CausalCLIPSegError, __version__", {"numpy", "torch", "pydicom"}),
        ("from CausalCLIPSegLib import parse_note, choose_side", {"torch", "pydicom"}),
        ("from CausalCLIPSegLib import read_radiograph, radiograph_from_array, Radiograph", {"torch"}),
        ("from CausalCLIPSegLib import write_result, describe_result, SegmentationResult", {"torch"}),
    ],
)
def test_importing_loads_only_what_it_needs(statement, absent):
    assert not absent & modules_after(statement)


@pytest.mark.parametrize("name", CausalCLIPSegLib.__all__)
def test_every_public_name_exists_and_is_listed(name):
    assert getattr(CausalCLIPSegLib, name) is not None
    assert name in dir(CausalCLIPSegLib)


def test_a_star_import_binds_the_public_names():
    names = python("from CausalCLIPSegLib import *\nprint(*[name for name in dir() if name != '__builtins__'])")
    assert set(CausalCLIPSegLib.__all__) <= set(names.split())


def test_submodules_can_still_be_imported_from_the_package():
    assert python("from CausalCLIPSegLib import errors\nprint(errors.__name__)") == "CausalCLIPSegLib.errors"


def test_an_unknown_name_is_an_error():
    with pytest.raises(AttributeError, match="no attribute 'segment_everything'"):
        CausalCLIPSegLib.segment_everything  # noqa: B018
    with pytest.raises(ImportError, match="segment_everything"):
        from CausalCLIPSegLib import segment_everything  # noqa: F401

"""The code of docs/python.md runs in order, and prints what its comments say."""

import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from pydicom.data import get_testdata_file

from CausalCLIPSegLib import errors

PAGE = Path(__file__).parents[2] / "docs" / "python.md"
TEXT = PAGE.read_text(encoding="utf-8")
LINES = TEXT.splitlines()


def code_blocks() -> list[str]:
    """Return the code blocks, each after as many empty lines as there are before it on the page."""
    blocks = re.finditer(r"```python\n(.*?)```", TEXT, re.DOTALL)
    return ["\n" * TEXT.count("\n", 0, block.start(1)) + block[1] for block in blocks]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    shutil.copy(str(get_testdata_file("RG1_UNCR.dcm")), folder / "image.dcm")
    return folder


@pytest.fixture(scope="module")
def printed(folder) -> dict[int, str]:
    """Run all code of the page. Return what each line of the page printed, by its index."""
    printed: dict[int, str] = {}

    def record(*values: object) -> None:
        printed[sys._getframe(1).f_lineno - 1] = " ".join(map(str, values))

    namespace: dict[str, Any] = {"print": record}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for block in code_blocks():
            exec(compile(block, str(PAGE), "exec"), namespace)
    return printed


def test_every_print_prints_what_its_comment_says(printed):
    calls = {index for index, line in enumerate(LINES) if line.lstrip().startswith("print(")}
    assert calls == set(printed)
    commented = {index for index in calls if ")  # " in LINES[index]}
    assert len(commented) >= 7
    for index in commented:
        assert LINES[index].partition(")  # ")[2].startswith(printed[index]), LINES[index]


def test_questions_are_asked(printed):
    questions = [text for index, text in printed.items() if LINES[index].strip() == "print(question)"]
    assert ["mirrored" in questions[0], "which side is meant?" in questions[1]] == [True, True]


@pytest.mark.usefixtures("printed")
def test_the_files_of_the_page_are_written(folder):
    names = re.findall(r"^\| `(segmentation\.\S+|overlay\.png|result\.json)` \|", TEXT, re.MULTILINE)
    assert sorted(names) == sorted(path.name for path in (folder / "result").iterdir())
    assert json.loads((folder / "result" / "result.json").read_text())["files"] == names
    assert (folder / "right.seg.nrrd").is_file()
    assert (folder / "right.dcm").is_file()


def test_the_error_classes_of_the_page_exist():
    names = set(re.findall(r"`(\w+Error|\w+Warning)`", TEXT)) - {"ValueError"}
    assert names
    assert [name for name in names if not hasattr(errors, name)] == []


def test_the_page_says_once_that_it_is_for_research():
    assert TEXT.count("For research, not for diagnosis.") == 1

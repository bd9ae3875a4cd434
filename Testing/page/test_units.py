"""The page's modules that need no browser, run by Node; and its texts in three languages."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from scipy.ndimage import gaussian_filter

from CausalCLIPSegLib.mask.sides import split_by_side
from CausalCLIPSegLib.messages import templates

HERE = Path(__file__).parent
PAGE = Path(__file__).parents[2] / "CausalCLIPSegLib" / "serve" / "page"
TEXTS = json.loads((PAGE / "texts.json").read_text(encoding="utf-8"))
SOURCES = [path.read_text(encoding="utf-8") for path in (*PAGE.glob("*.js"), PAGE / "index.html")]

SERVER = "\n".join(path.read_text(encoding="utf-8") for path in PAGE.parent.glob("*.py"))

ROOMS = {"map", "worth", "radiograph", "statement", "unused", "place", "number", "kind", "reason", "language"}
"""Rooms of CausalCLIPSegLib/messages.toml of which a person at the page can meet every sentence."""
WRITTEN_BY_THE_PAGE = {
    identifier
    for identifier in templates()
    if re.match(r"statement\.(something_there|nothing_there|not_in_note|denied)", identifier)
}
"""Statements that the page writes itself, from their numbers."""
WITH_A_SENTENCE = {"radiograph.refused", "radiograph.mirrored", "note.side", "user", "pacs.failed"}
"""Errors of the server whose message is a sentence of the library, with an id of its own."""

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")


def run_node(*arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PAGE": f"{PAGE}/"}
    return subprocess.run(
        ["node", *arguments], input=stdin, capture_output=True, text=True, env=environment, check=False
    )


@needs_node
def test_the_pure_modules_do_what_they_say() -> None:
    run = run_node("--test", "--test-reporter=spec", str(HERE / "units.mjs"))
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr
    assert re.search(r"^ℹ pass \d\d$", run.stdout, re.MULTILINE)
    assert "ℹ skipped 0" in run.stdout


@needs_node
def test_a_mask_is_split_by_side_as_the_library_splits_it() -> None:
    random = np.random.default_rng(3)
    masks = []
    for _ in range(80):
        noise = gaussian_filter(random.normal(size=random.integers(1, 60, size=2)), random.uniform(0.3, 5))
        masks.append(noise > random.normal() * noise.std())
    run = run_node(str(HERE / "split.mjs"), stdin=json.dumps([mask.astype(int).tolist() for mask in masks]))
    assert run.returncode == 0, run.stderr
    cut = 0
    for mask, (left, right) in zip(masks, json.loads(run.stdout), strict=True):
        expected = split_by_side(mask)  # the patient's right is on the viewer's left
        np.testing.assert_array_equal(as_mask(left, mask.shape), expected["right"])
        np.testing.assert_array_equal(as_mask(right, mask.shape), expected["left"])
        cut += bool(left) and bool(right)
    assert cut > 20


def as_mask(runs: list[int], shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    mask = np.zeros(shape, dtype=bool)
    for start, end in zip(runs[::2], runs[1::2], strict=True):
        mask.reshape(-1)[start:end] = True
    return mask


@pytest.mark.parametrize("language", ["de", "es"])
def test_every_text_is_translated_with_the_same_arguments(language: str) -> None:
    english, translated = TEXTS["en"], TEXTS[language]
    assert list(translated) == list(english)
    for key, text in english.items():
        assert translated[key].strip()
        assert set(re.findall(r"\{\w+\}", translated[key])) == set(re.findall(r"\{\w+\}", text)), key


@pytest.mark.parametrize("language", ["de", "es"])
def test_the_sentences_of_the_server_are_translated(language: str) -> None:
    sentences = TEXTS["sentences"][language]
    known = templates()
    refusals = set(re.findall(r'Refusal\(\s*\d+,\s*"([\w.]+)"', SERVER))
    for identifier, translated in sentences.items():
        if identifier.startswith("error."):
            assert f'"{identifier.removeprefix("error.")}"' in SERVER, identifier
            continue
        assert set(re.findall(r"\{\w+\}", translated)) <= set(re.findall(r"\{\w+\}", known[identifier])), identifier
    wanted = {identifier for identifier in known if identifier.split(".")[0] in ROOMS} - WRITTEN_BY_THE_PAGE
    assert wanted <= set(sentences)
    assert {f"error.{identifier}" for identifier in refusals - WITH_A_SENTENCE} <= set(sentences)


def test_every_text_that_the_page_asks_for_exists_and_none_is_left_over() -> None:
    source = "\n".join(SOURCES)
    literal = set(
        re.findall(r"""(?:\btext\(|data-(?:text|label|placeholder)=|label: |onNotice\()"([\w.]+)\"""", source)
    )
    built = {match.split("$")[0] for match in re.findall(r"`([\w.]*\.\$\{[^`]*)`", source)}
    missing = {key for key in literal if key not in TEXTS["en"]}
    assert not missing
    unused = {
        key for key in TEXTS["en"] if f'"{key}"' not in source and not any(key.startswith(prefix) for prefix in built)
    }
    assert not unused


def test_the_page_holds_no_inline_script_or_style_and_asks_no_other_server() -> None:
    page = (PAGE / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"\sstyle=|<style|\son\w+=|<script(?![^>]*\ssrc=)|javascript:", page)
    for path in PAGE.iterdir():
        addresses = set(re.findall(r"(?:https?:)?//[\w.-]+\.\w+[^\s\"'`]*", path.read_text(encoding="utf-8")))
        assert addresses <= {"http://www.w3.org/2000/svg", "//www.w3.org/2000/svg"}, path.name

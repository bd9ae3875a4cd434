"""The translations: complete, loaded by Qt as Slicer loads them, and no English text left in the panel."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6 import QtCore, QtWidgets

ROOT = Path(__file__).parent.parent.parent
_spec = importlib.util.spec_from_file_location("update", ROOT / "CausalCLIPSegExtension/Translations/update.py")
update = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(update)

LRELEASE = shutil.which("pyside6-lrelease", path=str(Path(sys.executable).parent)) or shutil.which("lrelease")
SAME = {"Status", "Export", "Checkpoint", "Manual", "Error", "Installation", "Confounder", "Hallazgos"}
"""Words that are the same in English and in one of the languages."""
NODES = {"Probability"}
"""Names of nodes of the scene, which stay English because they are saved with it."""


@pytest.fixture(params=update.LANGUAGES)
def language(request) -> str:
    return str(request.param)


@pytest.fixture
def translated(language, application, tmp_path) -> Iterator[dict[Any, str]]:
    """The translations of a language, installed in Qt as Slicer does it."""
    if LRELEASE is None:
        pytest.skip("lrelease, which comes with PySide6, is not installed")
    path = tmp_path / f"CausalCLIPSeg_{language}.qm"
    subprocess.run([LRELEASE, "-silent", update.path_of(language), "-qm", path], check=True)
    translator = QtCore.QTranslator()
    assert translator.load(str(path))
    QtCore.QCoreApplication.installTranslator(translator)
    yield update.read(update.path_of(language))
    QtCore.QCoreApplication.removeTranslator(translator)


def test_every_text_is_translated_and_the_file_is_as_the_script_writes_it(language, tmp_path):
    path = update.path_of(language)
    translations = update.read(path)
    assert list(update.problems(translations)) == []
    update.write(tmp_path / "again.ts", language, translations)
    assert (tmp_path / "again.ts").read_text(encoding="utf-8") == path.read_text(encoding="utf-8")


def test_the_script_finds_what_is_missing_obsolete_or_wrong(language):
    translations = update.read(update.path_of(language))
    first, second = next(iter(translations)), ("CausalCLIPSegModule.export", "Written: {path}")
    del translations[first]
    translations[second] = "{pfad}"
    translations["Nowhere", "Gone"] = "Weg"
    found = list(update.problems(translations))
    assert [each.split(":")[0] for each in found] == ["not translated", "other placeholders", "no longer used"]


def test_mnemonics_are_unique(language):
    panel = {
        text: translation
        for (context, text), translation in update.read(update.path_of(language)).items()
        if context == "CausalCLIPSeg"
    }
    letters = [re.findall(r"&(\w)", translation) for translation in panel.values()]
    assert [len(each) for each in letters] == [len(re.findall(r"&(\w)", text)) for text in panel]
    used = [letter.upper() for each in letters for letter in each]
    assert len(used) == len(set(used)) > 10
    assert not set(used) & set("FEVH")


def texts(panel: Any) -> Iterator[str]:
    """Yield every text of the panel that a person can see or hear, except notes and the log."""
    for widget in panel.widget.uiWidget._object.findChildren(QtWidgets.QWidget):
        if panel.ui.segmentEditor._object.isAncestorOf(widget):
            continue  # Slicer's own
        for read in ("text", "title", "placeholderText", "toolTip", "accessibleName"):
            value = getattr(widget, read, None)
            if callable(value) and isinstance(value(), str):
                yield value()
        if isinstance(widget, QtWidgets.QComboBox):
            yield from (widget.itemText(index) for index in range(widget.count()))
        if isinstance(widget, QtWidgets.QTabWidget):
            yield from (widget.tabText(index) for index in range(widget.count()))


def english(panel: Any, translated: dict[Any, str]) -> list[str]:
    """Return the texts of the panel that are, or begin with, an English sentence that has a translation."""
    kept = SAME | NODES
    sources = {text for (_, text), translation in translated.items() if text != translation and text not in kept}
    plain = [re.sub(r"<[^>]*>|[▸▾] ", "", text) for text in texts(panel)]
    fixed = tuple(re.split(r"\{", text)[0] for text in sources if " " in re.split(r"\{", text)[0][:-1])
    return [text for text in plain if text in sources or (text.startswith(fixed) and " " in text)]


STATES: dict[str, Callable[[Any], None]] = {
    "empty": lambda panel: panel.ui.imageSelector.setCurrentNode(None),
    "a report": lambda panel: panel.write("Old fracture. No effusion. Opacity at the right base. Xyzzy qwrt."),
    "a question": lambda panel: panel.write(
        "Findings: Opacity in the right lower zone. Impression: Opacity in the left lower zone."
    ),
    "running": lambda panel: panel.start("slow right basal opacity"),
    "a result": lambda panel: panel.run("elsewhere memory weighed: Opacity at the right base and the left apex"),
    "an error": lambda panel: panel.run("turned right basal opacity"),
    "a crash": lambda panel: panel.run("crash right basal opacity"),
    "an unreadable note": lambda panel: panel.ui.noteEdit.setPlainText("Les poumons sont clairs et il n'y a pas de"),
}


@pytest.mark.parametrize("state", STATES)
def test_no_english_text_is_left_in_the_panel(translated, panel, state, monkeypatch):
    import panel_driver

    searching = translated["CausalCLIPSegLib.messages", "Searching the radiograph"]
    monkeypatch.setattr(panel_driver, "SEARCHING", searching)
    STATES[state](panel)
    panel.wait(lambda: panel.logic.understood is not None or bool(panel.logic.session.error) or state == "empty")
    assert english(panel, translated) == []


def test_the_sentences_of_the_worker_are_said_in_the_language(translated, language, panel):
    panel.run("elsewhere: Opacity in the right middle zone.")
    says = {
        "de": (
            "Gefunden, wo der Befundtext es sagt: rechtes Mittelfeld (0.90).",
            "Nicht im Befundtext: rechtes Oberfeld (höchste Wahrscheinlichkeit 0.63).",
        ),
        "es": (
            "Encontrado donde dice la nota: campo medio derecho (0.90).",
            "No está en la nota: campo superior derecho (probabilidad máxima 0.63).",
        ),
    }[language]
    assert says[0] in panel.ui.resultLabel.text
    assert any(text.startswith(says[1]) for text in texts(panel))
    panel.ui.thresholdSlider.value = 0.95
    moved = translated[
        "CausalCLIPSegLib.messages",
        "Note: {place}. Nothing there reaches the threshold (highest probability {probability}).",
    ]
    place = translated["CausalCLIPSegLib.messages", "right middle zone"]
    assert moved.format(place=place, probability="0.90") in panel.ui.resultLabel.text


def test_every_id_is_said_in_the_language(translated, slicer):
    from CausalCLIPSegModule.messages import CONTEXT, say, sayError, sayText

    from CausalCLIPSegLib.errors import NoteError
    from CausalCLIPSegLib.messages import templates

    for identifier, template in templates().items():
        arguments = {name: f"<{name}>" for name in re.findall(r"\{(\w+)\}", template)}
        said = sayText({"id": identifier, "arguments": arguments})
        assert said == translated[CONTEXT, template].format(**arguments)
    assert sayError(NoteError("The note is empty.")) == translated[CONTEXT, "The note is empty."]
    unknown = {"message": "A newer worker says this.", "texts": {"message": {"id": "future.id", "arguments": {}}}}
    assert say(unknown, "message") == "A newer worker says this."
    assert say({"message": "An older worker says this."}, "message") == "An older worker says this."

"""Update the translations from the texts of both modules and of the library, or list the texts without a translation.

    python CausalCLIPSegExtension/Translations/update.py [--check]

The .ts files are those of Qt, as Slicer uses them. A text belongs to a context: the name of the .ui file, or the
package and the file in which `_()` is called (slicer.i18n.getContext). The sentences of the worker have a context of
their own, because they come with ids. Qt's lupdate does not know `_()`, so this script takes its place. Qt's lrelease
makes the .qm files that Slicer loads.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

HERE = Path(__file__).parent
EXTENSION = HERE.parent
MESSAGES = EXTENSION.parent / "CausalCLIPSegLib" / "messages.toml"
LANGUAGES = ("de", "es")

Key = tuple[str, str]
"""The context of a text, and the text in English."""


def path_of(language: str) -> Path:
    """Return the file of a language."""
    return HERE / f"CausalCLIPSeg_{language}.ts"


def source_texts() -> list[Key]:
    """Return each text to translate once, in a stable order."""
    return list(dict.fromkeys([*_texts_of_panels(), *_texts_of_code(), *_texts_of_worker()]))


def _texts_of_panels() -> Iterator[Key]:
    for path in sorted(EXTENSION.rglob("*.ui")):
        root = ElementTree.parse(path).getroot()
        untranslated = {each for element in root.iter() if element.get("notr") for each in element.iter()}
        strings = (each for each in root.iter("string") if each not in untranslated)
        yield from ((root.findtext("class", ""), each.text) for each in strings if each.text)


def _texts_of_code() -> Iterator[Key]:
    for path in sorted(EXTENSION.rglob("*.py")):
        package = f"{path.parent.name}." if (path.parent / "__init__.py").is_file() else ""
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_":
                (text,) = node.args
                yield package + path.stem, ast.literal_eval(text)


def _texts_of_worker() -> Iterator[Key]:
    for table in tomllib.loads(MESSAGES.read_text(encoding="utf-8")).values():
        yield from (("CausalCLIPSegLib.messages", text) for text in table.values())


def read(path: Path) -> dict[Key, str]:
    """Return the finished translations of a file."""
    found: dict[Key, str] = {}
    if path.is_file():
        for context in ElementTree.parse(path).getroot().iter("context"):
            for message in context.iter("message"):
                translation = message.find("translation")
                if translation is not None and translation.text and not translation.get("type"):
                    found[context.findtext("name", ""), message.findtext("source", "")] = translation.text
    return found


def write(path: Path, language: str, translations: dict[Key, str]) -> None:
    """Write a file with all texts; those without a translation are marked as unfinished."""
    root = ElementTree.Element("TS", version="2.1", language=language, sourcelanguage="en")
    contexts: dict[str, ElementTree.Element] = {}
    for name, text in source_texts():
        if name not in contexts:
            contexts[name] = ElementTree.SubElement(root, "context")
            ElementTree.SubElement(contexts[name], "name").text = name
        message = ElementTree.SubElement(contexts[name], "message")
        ElementTree.SubElement(message, "source").text = text
        translation = ElementTree.SubElement(message, "translation")
        if (name, text) in translations:
            translation.text = translations[name, text]
        else:
            translation.set("type", "unfinished")
    ElementTree.indent(root, "    ")
    body = ElementTree.tostring(root, encoding="unicode", short_empty_elements=False)
    path.write_text(f'<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n{body}\n', encoding="utf-8")


def problems(translations: dict[Key, str]) -> Iterator[str]:
    """Yield what is wrong: missing and obsolete texts, and other placeholders than in English."""
    texts = source_texts()
    yield from (f"not translated: {text!r} ({name})" for name, text in texts if (name, text) not in translations)
    for (name, text), translation in translations.items():
        if (name, text) not in texts:
            yield f"no longer used: {text!r} ({name})"
        elif sorted(re.findall(r"\{[^}]*\}", text)) != sorted(re.findall(r"\{[^}]*\}", translation)):
            yield f"other placeholders: {text!r}: {translation!r}"


def main() -> int:
    """Update or check the files; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true", help="change nothing; exit status 1 if something is missing")
    check = parser.parse_args().check
    found = False
    for language in LANGUAGES:
        translations = read(path_of(language))
        for problem in problems(translations):
            found = True
            print(f"{language}: {problem}")
        if not check:
            write(path_of(language), language, translations)
    return int(check and found)


if __name__ == "__main__":
    sys.exit(main())

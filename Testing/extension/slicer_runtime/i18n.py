"""slicer.i18n: a text is translated in the context of the file that asks for it."""

from __future__ import annotations

import sys
from pathlib import Path

import slicer


def translate(context: str, text: str) -> str:
    return slicer.app.translate(context, text)


def tr(text: str) -> str:
    path = Path(sys._getframe(1).f_code.co_filename)
    package = f"{path.parent.name}." if (path.parent / "__init__.py").is_file() else ""
    return translate(package + path.stem, text)

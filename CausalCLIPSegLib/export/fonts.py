"""Words in a picture: a font that has the letters, and lines that fit."""

import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from functools import cache
from itertools import islice

from PIL import ImageFont
from PIL.ImageFont import FreeTypeFont

_FAMILIES = (
    *("DejaVuSans.ttf", "NotoSans-Regular.ttf", "LiberationSans-Regular.ttf"),  # Linux
    *("segoeui.ttf", "arial.ttf", "msyh.ttc", "msgothic.ttc", "malgun.ttf"),  # Windows
    *("Helvetica.ttc", "Arial.ttf", "Arial Unicode.ttf", "PingFang.ttc"),  # macOS
    *("NotoSansCJK-Regular.ttc", "wqy-microhei.ttc"),
)
"""Fonts of the common systems, those with the most alphabets first; Pillow's own one has little more than ASCII."""

_NO_CHARACTER = "\uffff"


class Lettering:
    """The font on this computer that has most of the letters of some text.

    Args:
        text: everything that is to be drawn with it.
    """

    def __init__(self, text: str) -> None:
        characters = set(_printable(text))
        self._family = max(_families(), key=lambda family: sum(_has(family, c) for c in characters))

    def font(self, size: int) -> FreeTypeFont:
        """Return the font in `size` pixels."""
        return _font(self._family, size)

    def spell(self, text: str) -> str | None:
        """Return `text` on one line in letters that the font has: "a" for an "ä" that is missing.

        None where the font lacks more than half of the letters.
        """
        words = _printable(text)
        spelt = "".join(self._spell(c) for c in words)
        missing = sum(not _has(self._family, c) for c in spelt)
        return None if 2 * missing > len(words) else spelt

    def _spell(self, character: str) -> str:
        if _has(self._family, character):
            return character
        parts = unicodedata.normalize("NFKD", character).replace("ß", "ss")
        return "".join(c for c in parts if _has(self._family, c) and not unicodedata.combining(c)) or character


def wrap(text: str, font: FreeTypeFont, width: int, most_lines: int) -> list[str]:
    """Break `text` at blanks, or inside a word that is too long, into lines of at most `width` pixels.

    What does not fit into `most_lines` lines is cut and ends in "…". No text gives one empty line.
    """
    lines = list(islice(_lines(text, font, width), most_lines + 1)) or [""]
    if len(lines) > most_lines:
        last = lines[most_lines - 1]
        while last and font.getlength(last + "…") > width:
            last = last[:-1]
        lines = [*lines[: most_lines - 1], last.rstrip(" ,;.") + "…"]
    return lines


def _lines(text: str, font: FreeTypeFont, width: int) -> Iterator[str]:
    """Give line after line; text behind the lines taken is never measured."""
    while text:
        lengths = range(1, min(len(text), width) + 1)  # a letter takes a pixel at least
        fitting = max(1, bisect_right(lengths, float(width), key=lambda length: font.getlength(text[:length])))
        if fitting < len(text):
            blank = text.rfind(" ", 0, fitting + 1)
            fitting = blank if blank > 0 else fitting
        yield text[:fitting].rstrip()
        text = text[fitting:].lstrip()


def _printable(text: str) -> str:
    """Return `text` on one line, without characters that no font has and on which text layout fails."""
    words = " ".join(unicodedata.normalize("NFC", text).split())
    return "".join(c for c in words if unicodedata.category(c) not in {"Cc", "Cs", "Co", "Cn"})


@cache
def _families() -> tuple[str, ...]:
    """Return the fonts that this computer has; the empty name is Pillow's own."""
    return (*filter(_exists, _FAMILIES), "")


def _exists(family: str) -> bool:
    try:
        _font(family, 16)
    except OSError:
        return False
    return True


@cache
def _font(family: str, size: int) -> FreeTypeFont:
    font = ImageFont.truetype(family, size) if family else ImageFont.load_default(size)
    assert isinstance(font, FreeTypeFont)  # without a size Pillow may give a bitmap font
    return font


@cache
def _has(family: str, character: str) -> bool:
    """Return whether the font draws more than its sign for a missing letter."""
    return character == " " or _ink(family, character) != _ink(family, _NO_CHARACTER)


def _ink(family: str, character: str) -> tuple[tuple[int, int], bytes]:
    mask = _font(family, 24).getmask(character)
    return mask.size, bytes(mask)

"""Fonts and line breaks for text in pictures, in any language that a font of this computer covers."""

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
"""Fonts of the common systems, most alphabets first; Pillow's own font has little more than ASCII."""

_NO_CHARACTER = "\uffff"
"""Not a character, so every font draws its sign for missing characters instead."""


class TextFont:
    """The font on this computer that has most of the characters of a text.

    Args:
        text: everything that will be drawn with the font.
    """

    def __init__(self, text: str) -> None:
        characters = set(_printable(text))
        self._family = max(_families(), key=lambda family: sum(_has(family, c) for c in characters))

    def at_size(self, size: int) -> FreeTypeFont:
        """Return the font at a size in pixels."""
        return _font(self._family, size)

    def transliterate(self, text: str) -> str | None:
        """Return `text` on one line, with simpler letters for those that the font lacks: "a" for "ä".

        Returns:
            The text, or None if the font lacks more than half of the characters in spite of this.
        """
        printable = _printable(text)
        transliterated = "".join(self._transliterate(character) for character in printable)
        missing = sum(not _has(self._family, character) for character in transliterated)
        return None if 2 * missing > len(printable) else transliterated

    def _transliterate(self, character: str) -> str:
        if _has(self._family, character):
            return character
        simpler = unicodedata.normalize("NFKD", character).replace("ß", "ss")
        return "".join(c for c in simpler if _has(self._family, c) and not unicodedata.combining(c)) or character


def wrap(text: str, font: FreeTypeFont, width: int, max_lines: int) -> list[str]:
    """Break `text` at spaces, or inside a word that is too long, into lines of at most `width` pixels.

    Text beyond `max_lines` lines is cut, and the last line then ends in "…". Empty text gives one empty line.
    """
    lines = list(islice(_lines(text, font, width), max_lines + 1)) or [""]
    if len(lines) > max_lines:
        last = lines[max_lines - 1]
        while last and font.getlength(last + "…") > width:
            last = last[:-1]
        lines = [*lines[: max_lines - 1], last.rstrip(" ,;.") + "…"]
    return lines


def _lines(text: str, font: FreeTypeFont, width: int) -> Iterator[str]:
    """Yield the lines one by one, so that text beyond the last requested line is never measured."""
    while text:
        lengths = range(1, min(len(text), width) + 1)  # each character is at least one pixel wide
        fitting = max(1, bisect_right(lengths, float(width), key=lambda length: font.getlength(text[:length])))
        if fitting < len(text):
            space = text.rfind(" ", 0, fitting + 1)
            fitting = space if space > 0 else fitting
        yield text[:fitting].rstrip()
        text = text[fitting:].lstrip()


def _printable(text: str) -> str:
    """Return `text` on one line, without control and unassigned characters, on which text layout fails."""
    line = " ".join(unicodedata.normalize("NFC", text).split())
    return "".join(c for c in line if unicodedata.category(c) not in {"Cc", "Cs", "Co", "Cn"})


@cache
def _families() -> tuple[str, ...]:
    """Return the file names of the fonts on this computer; the empty name stands for Pillow's own font."""
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
    assert isinstance(font, FreeTypeFont)  # without a size Pillow may return a bitmap font
    return font


@cache
def _has(family: str, character: str) -> bool:
    """Return whether the font draws the character differently from its sign for missing characters."""
    return character == " " or _ink(family, character) != _ink(family, _NO_CHARACTER)


def _ink(family: str, character: str) -> tuple[tuple[int, int], bytes]:
    mask = _font(family, 24).getmask(character)
    return mask.size, bytes(mask)

"""Read the text of a note that comes as HL7, RTF, HTML or XML; plain text stays as it is.

The standard library reads HTML and XML. The readers of HL7 and RTF are small, because they need only the text: the
observations of an HL7 2 message (chapter 7, segment OBX), and the visible characters of an RTF file (RTF 1.9.1).
Each part of a document that has a name becomes a line with that name, so that the headings of the report are known.
"""

from __future__ import annotations

import html
import re
import unicodedata
from html.parser import HTMLParser

from CausalCLIPSegLib.errors import NoteError

_TAG = re.compile(
    r"</[a-z][\w:.-]*\s*>|<[brh]r\s*/?>|<p>|<\?xml|<!doctype|<!--|&lt;/[a-z]|&nbsp;|&amp;", re.IGNORECASE
)
_INLINE_TAGS = frozenset({"b", "i", "u", "em", "strong", "span", "font", "a", "sub", "sup", "small", "big", "mark"})
_CELL_TAGS = frozenset({"td", "th"})
_EMPTY_TAGS = frozenset({"code", "meta", "input"})
_HIDDEN_TAGS = frozenset({"script", "style", "head"})
_HTML_TAGS = _INLINE_TAGS | frozenset(
    {"html", "body", "div", "p", "br", "hr", "table", "tbody", "thead", "tr", "ul", "ol", "li", "dl", "dt", "dd", "h1",
     "h2", "h3", "h4", "h5", "h6", "pre", "center", "section", "article", "header", "footer", "main", "text",
     "content", "paragraph", "list", "item", "title", "component", "value", "code", "meta", "input"}
)  # fmt: skip
_LABELS = ("label", "displayname")
"""Attributes that name a part of a report: AbstractText in report collections, code in HL7 CDA."""

_RTF = re.compile(
    r"\\([a-z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-f]{2})|\\([^a-z])|([{}])|[\r\n]+|([^\\{}\r\n]+)", re.IGNORECASE
)
_RTF_HIDDEN = frozenset(
    {"fonttbl", "colortbl", "stylesheet", "info", "pict", "header", "footer", "listtable", "listoverridetable",
     "themedata", "generator", "object", "rsidtbl", "xmlnstbl", "datastore", "latentstyles", "colorschememapping"}
)  # fmt: skip
_RTF_CHARACTERS = {
    "par": "\n", "line": "\n", "sect": "\n", "page": "\n", "row": "\n", "cell": " ", "tab": " ", "emdash": "-",
    "endash": "-", "lquote": "'", "rquote": "'", "ldblquote": '"', "rdblquote": '"', "bullet": "•",
}  # fmt: skip
_MARKDOWN = re.compile(
    r"\[\*\*.{0,200}?\*\*\]|\*{2,}|(?<=[\w:.])\*(?!\w)|(?<!\S)\*(?=\w[^*\n]{0,200}\*)|^[ \t]*#+(?=[ \t])", re.MULTILINE
)
_UNDERLINE = re.compile(r"^[ \t]*[-=_~*#]{3,}[ \t]*$", re.MULTILINE)
_TABLE_MARK = re.compile(r"^[ \t]*\||\|[ \t]*$", re.MULTILINE)


def read_markup(text: str) -> str:
    """Return the text of a note without its markup.

    Raises:
        NoteError: the note is a JSON document, or a document without a text.
    """
    text = unicodedata.normalize("NFKC", text)
    start = text.lstrip("\ufeff \t\r\n\v\f\x1c")
    if start.startswith(("MSH|", "FHS|", "BHS|")):
        plain, name = _read_hl7(start), "an HL7 message"
    elif start.startswith("{\\rtf"):
        plain, name = _read_rtf(start), "an RTF document"
    elif re.match(r"[\[{]\s*[\"{]", start) and re.search(r"\"\s*:", start):
        raise NoteError("The note is a JSON document; give the text of the report.")
    elif _TAG.search(text):
        plain, name = _read_tags(text), "an HTML or XML document"
    else:
        return _TABLE_MARK.sub("", _UNDERLINE.sub("", _MARKDOWN.sub("", text)))
    if not plain.strip():
        raise NoteError(f"The note is {name} without a report; give the text of the report.")
    return _MARKDOWN.sub("", plain)


def _read_hl7(message: str) -> str:
    """Return the observations of a message; a new identifier begins a part with its own name."""
    component, repetition, escape, subcomponent = [*message[4:8]] if len(message) > 8 else ["^", "~", "\\", "&"]
    escapes = {"F": "|", "S": component, "R": repetition, "E": escape, "T": subcomponent, ".br": "\n", ".sp": "\n"}
    lines: list[str] = []
    last_name = ""
    for segment in re.split(r"[\r\n]+", message):
        fields = segment.split(message[3])
        if fields[0] != "OBX" or len(fields) < 6 or fields[2] not in ("TX", "FT", "ST", ""):
            continue
        identifier = [part for part in re.split(f"[{re.escape(component + subcomponent)}]", fields[3]) if part]
        name = {"IMP": "IMPRESSION", "GDT": "FINDINGS", "REC": "RECOMMENDATION"}.get(
            identifier[1] if len(identifier) > 1 else "", identifier[1] if len(identifier) > 1 else ""
        )
        if name != last_name:
            lines.append(f"\n{name}:")
            last_name = name
        value = fields[5].replace(repetition, "\n")
        quoted = re.escape(escape)
        lines.append(re.sub(f"{quoted}([^{quoted}]{{1,40}}){quoted}", lambda match: escapes.get(match[1], ""), value))
    return "\n".join(lines)


def _read_rtf(text: str) -> str:
    plain: list[str] = []
    hidden = 0  # the depth of the group that is not visible; 0 if the text is visible
    depth = skip = 0
    for match in _RTF.finditer(text):
        word, number, code, symbol, brace, run = match.groups()
        if brace:
            depth += 1 if brace == "{" else -1
            hidden = 0 if depth < hidden else hidden
        elif word in _RTF_HIDDEN or symbol == "*":
            hidden = hidden or depth
        elif hidden:
            continue
        elif word == "u" and number:
            plain.append(chr(int(number) % 0x10000))
            skip = 1  # the character for programs that do not know this one
        elif code or run:
            characters = bytes.fromhex(code).decode("cp1252", "replace") if code else run
            plain.append(characters[skip:])
            skip = 0
        elif symbol:
            plain.append({"~": " ", "_": "-", "-": ""}.get(symbol, symbol))
        elif word:
            plain.append(_RTF_CHARACTERS.get(word, ""))
    return "".join(plain)


class _TagReader(HTMLParser):
    """Collects the text between tags; a tag with a name for a part of a report begins a line with that name."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.labeled: list[str] = []
        self._hidden = 0
        self._label_tag = ""
        self._cells = 0  # of this row so far

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        label = next((value for name, value in attrs if name in _LABELS and value), None)
        self._hidden += tag in _HIDDEN_TAGS
        if label and tag not in _EMPTY_TAGS:
            self._label_tag = tag
        if tag in _CELL_TAGS:
            self._add(": " if self._cells else "")
            self._cells += 1
        elif label or tag not in _HTML_TAGS:
            self._add(f"\n{label or _words(self.get_starttag_text() or tag)}:\n")
        elif tag not in _INLINE_TAGS:
            self._add("\n")
            self._cells = 0

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in _HIDDEN_TAGS and self._hidden > 0
        if tag not in _INLINE_TAGS | _CELL_TAGS:
            self._add("\n")
        if tag == self._label_tag:
            self._label_tag = ""

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self._add(data)

    def _add(self, text: str) -> None:
        self.parts.append(text)
        if self._label_tag:
            self.labeled.append(text)


def _words(tag: str) -> str:
    """Return the words of an XML tag: "<clinicalInformation>" and "<clinical_information>" are two words each."""
    name = re.split(r"[\s/>]", tag.lstrip("<"))[0].rpartition(":")[2]
    return re.sub(r"[_.-]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name))


def _read_tags(text: str) -> str:
    """Return the text between tags. If some parts have a label, only these are the report."""
    reader = _TagReader()
    reader.feed(text if re.search(r"<[A-Za-z/?!]", text) else html.unescape(text))
    reader.close()
    return "".join(reader.labeled or reader.parts)

"""The caption under the overlay picture: the note, the prompt, what was outlined, and the model."""

from typing import NamedTuple

from PIL import Image, ImageDraw

from CausalCLIPSegLib.about import RESEARCH_ONLY
from CausalCLIPSegLib.export.fonts import TextFont, wrap
from CausalCLIPSegLib.export.report import ResultDocument
from CausalCLIPSegLib.maps import WORDS_WORTH
from CausalCLIPSegLib.notes.heard import heard_in

_BACKGROUND, _TEXT_COLOR, _LABEL_COLOR, _RULE_COLOR = (255, 255, 255), (24, 24, 27), (104, 104, 110), (222, 222, 226)
_TEXT_SIZE, _SMALL_SIZE = 30, 24  # pixels, as are all lengths below
_LINE_HEIGHT = 1.4  # in text sizes
_MARGIN, _TEXT_LEFT, _GAP = 44, 204, 22

NO_FONT = "(No font on this computer has these letters; they are in result.json.)"
"""Drawn instead of a text that no font covers."""


class _Paragraph(NamedTuple):
    text: str
    max_lines: int = 2
    small: bool = False


class _Line(NamedTuple):
    x: int
    baseline: int
    text: str
    color: tuple[int, int, int]
    size: int


def draw_caption(report: ResultDocument, mirrored: bool | None, width: int) -> Image.Image:
    """Draw the caption of a result.

    Args:
        report: what `describe_result` returned.
        mirrored: whether the radiograph shows the patient's right on the viewer's right; None: the file does not say.
        width: width of the picture in pixels.

    Returns:
        An RGB picture, as high as the text needs.
    """
    model = f"{report.checkpoint.name}, {report.checkpoint.sha256[:8]}, threshold {report.threshold:g}"
    sections = {
        "Note": [_Paragraph(report.note, max_lines=4)],
        "Prompt": [_Paragraph(report.prompt, max_lines=3), _laterality(report, mirrored)],
        **_heard(report),
        "Outlined": [*_outlined(report), *_orientation(mirrored)],
        **_compared(report),
        "Model": [_Paragraph(model)],
    }
    font = TextFont("".join(paragraph.text for paragraphs in sections.values() for paragraph in paragraphs))
    lines: list[_Line] = []
    y = _MARGIN + _TEXT_SIZE
    for label, paragraphs in sections.items():
        lines.append(_Line(_MARGIN, y, label, _LABEL_COLOR, _SMALL_SIZE))
        for paragraph in paragraphs:
            size, color = (_SMALL_SIZE, _LABEL_COLOR) if paragraph.small else (_TEXT_SIZE, _TEXT_COLOR)
            transliterated = font.transliterate(paragraph.text)
            text = NO_FONT if transliterated is None else transliterated
            for wrapped in wrap(text, font.at_size(size), width - _TEXT_LEFT - _MARGIN, paragraph.max_lines):
                lines.append(_Line(_TEXT_LEFT, y, wrapped, color, size))
                y += round(size * _LINE_HEIGHT)
        y += _GAP
    rule = y - _TEXT_SIZE
    lines.append(_Line(_MARGIN, rule + 2 * _GAP, RESEARCH_ONLY, _LABEL_COLOR, _SMALL_SIZE))
    caption = Image.new("RGB", (width, rule + 2 * _GAP + _MARGIN), _BACKGROUND)
    draw = ImageDraw.Draw(caption)
    draw.line((_MARGIN, rule, width - _MARGIN, rule), _RULE_COLOR, width=2)
    for line in lines:
        draw.text((line.x, line.baseline), line.text, line.color, font.at_size(line.size), anchor="ls")
    return caption


def _laterality(report: ResultDocument, mirrored: bool | None) -> _Paragraph:
    """Say whose left and right the prompt means; the network sees a mirrored radiograph mirrored back."""
    unmirrored = ", after the radiograph was mirrored back" if mirrored and report.laterality == "viewer" else ""
    return _Paragraph(f"Left and right in this prompt are the {report.laterality}'s{unmirrored}.", small=True)


def _heard(report: ResultDocument) -> dict[str, list[_Paragraph]]:
    """Say which words the network weighs, in the words of the note if it has them; mostly nothing."""
    pieces = heard_in(report.note, ((each.word, each.weight, tuple(each.spans)) for each in report.words))
    shares = [
        (f"“{each.text}”" if each.in_note else f"{each.text} (prompt)") + f" {100 * each.weight:.0f} %"
        for each in pieces
        if each.weight is not None
    ]
    return (
        {"Heard": [_Paragraph(", ".join(shares), max_lines=4), _Paragraph(WORDS_WORTH, small=True)]} if shares else {}
    )


def _outlined(report: ResultDocument) -> list[_Paragraph]:
    """Say which sides are outlined, and how large the areas are."""
    if not report.segments:
        return [_Paragraph("Nothing: the probability reaches the threshold nowhere.")]
    paragraphs = [
        _Paragraph(
            f"Patient's {segment.side_patient} (viewer's {segment.side_viewer}): "
            f"{_area_text(segment.area_mm2, segment.area_fraction)}"
        )
        for segment in report.segments
    ]
    if len(paragraphs) > 1:
        paragraphs.append(_Paragraph(f"Together: {_area_text(report.area_mm2, report.area_fraction)}"))
    if report.area_mm2 is not None:
        paragraphs.append(_Paragraph("Areas are those in the plane of the detector.", small=True))
    return paragraphs


def _compared(report: ResultDocument) -> dict[str, list[_Paragraph]]:
    """Say which places of the note are empty, and what the dashed outlines are; usually nothing."""
    empty = [_Paragraph(place.sentence) for place in report.places if not place.present]
    areas = [
        _Paragraph(f"{each.sentence} {_area_text(each.area_mm2, each.area_fraction)}.") for each in report.not_in_note
    ]
    return ({"Empty": empty} if empty else {}) | ({"Dashed": areas} if areas else {})


def _orientation(mirrored: bool | None) -> list[_Paragraph]:
    """Say how the radiograph is oriented, unless its orientation is known to be the usual one."""
    if mirrored is None:
        text = "The file does not say how the radiograph is oriented: R and L stand as in the usual orientation."
    elif mirrored:
        text = "The radiograph is mirrored: the patient's right is on the viewer's right."
    else:
        return []
    return [_Paragraph(text, small=True)]


def _area_text(area_mm2: float | None, area_fraction: float) -> str:
    """Return an area in mm² or cm², or as a share of the image if the radiograph is not calibrated."""
    if area_mm2 is None:
        return "less than 0.1 % of the image" if area_fraction < 0.001 else f"{100 * area_fraction:.1f} % of the image"
    return f"{area_mm2:.0f} mm²" if area_mm2 < 100 else f"{area_mm2 / 100:.1f} cm²"

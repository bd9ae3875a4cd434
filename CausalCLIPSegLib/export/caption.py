"""The caption under the overlay picture: what was asked, what was outlined, and with what."""

from typing import NamedTuple

from PIL import Image, ImageDraw

from CausalCLIPSegLib import RESEARCH_ONLY
from CausalCLIPSegLib.export.fonts import Lettering, wrap
from CausalCLIPSegLib.export.report import ResultDocument

_PAPER, _WORDS, _LABELS, _RULE = (255, 255, 255), (24, 24, 27), (104, 104, 110), (222, 222, 226)
_TEXT, _SMALL = 30, 24
_LEADING = 1.4
_MARGIN, _TEXT_LEFT, _GAP = 44, 204, 22

UNWRITABLE = "(No font on this computer has these letters; they are in result.json.)"


class _Paragraph(NamedTuple):
    text: str
    most_lines: int = 2
    small: bool = False


def draw_caption(document: ResultDocument, mirrored: bool | None, width: int) -> Image.Image:
    """Draw the caption of a result.

    Args:
        document: the result in words and figures.
        mirrored: whether the film shows the patient's right on the viewer's right; None: the file does not say.
        width: of the picture, in pixels.

    Returns:
        An RGB picture, as high as the words need.
    """
    model = f"{document.checkpoint.name}, {document.checkpoint.sha256[:8]}, threshold {document.threshold:g}"
    sections = {
        "Note": [_Paragraph(document.note, most_lines=4)],
        "Sentence": [
            _Paragraph(document.prompt, most_lines=3),
            _laterality(document, mirrored),
        ],
        "Outlined": [*_outlined(document), *_orientation(mirrored)],
        "Model": [_Paragraph(model)],
    }
    lettering = Lettering("".join(paragraph.text for paragraphs in sections.values() for paragraph in paragraphs))
    lines: list[tuple[int, int, str, tuple[int, int, int], int]] = []  # x, y of the base line, words, colour, size
    y = _MARGIN + _TEXT
    for label, paragraphs in sections.items():
        lines.append((_MARGIN, y, label, _LABELS, _SMALL))
        for paragraph in paragraphs:
            size, color = (_SMALL, _LABELS) if paragraph.small else (_TEXT, _WORDS)
            text = lettering.spell(paragraph.text)
            words = UNWRITABLE if text is None else text
            for line in wrap(words, lettering.font(size), width - _TEXT_LEFT - _MARGIN, paragraph.most_lines):
                lines.append((_TEXT_LEFT, y, line, color, size))
                y += round(size * _LEADING)
        y += _GAP
    rule = y - _TEXT
    lines.append((_MARGIN, rule + 2 * _GAP, RESEARCH_ONLY, _LABELS, _SMALL))
    caption = Image.new("RGB", (width, rule + 2 * _GAP + _MARGIN), _PAPER)
    draw = ImageDraw.Draw(caption)
    draw.line((_MARGIN, rule, width - _MARGIN, rule), _RULE, width=2)
    for x, y, words, color, size in lines:
        draw.text((x, y), words, color, lettering.font(size), anchor="ls")
    return caption


def _laterality(document: ResultDocument, mirrored: bool | None) -> _Paragraph:
    """Say whose left and right the sentence means; the network sees a mirrored film turned back."""
    turned = ", with the film turned back" if mirrored and document.laterality == "viewer" else ""
    return _Paragraph(f"Left and right in this sentence are the {document.laterality}'s{turned}.", small=True)


def _outlined(document: ResultDocument) -> list[_Paragraph]:
    """Say which sides are outlined, and how much of them."""
    if not document.segments:
        return [_Paragraph("Nothing: the probability reaches the threshold nowhere.")]
    paragraphs = [
        _Paragraph(
            f"Patient's {segment.side_patient} (viewer's {segment.side_viewer}): "
            f"{_say_area(segment.area_mm2, segment.area_fraction)}"
        )
        for segment in document.segments
    ]
    if len(paragraphs) > 1:
        paragraphs.append(_Paragraph(f"Together: {_say_area(document.area_mm2, document.area_fraction)}"))
    if document.area_mm2 is not None:
        paragraphs.append(_Paragraph("Areas are those in the plane of the detector.", small=True))
    return paragraphs


def _orientation(mirrored: bool | None) -> list[_Paragraph]:
    """Say how the film lies, where it is not known to lie as usual."""
    if mirrored is None:
        words = "The file does not say how the film lies: R and L stand as on a film in the usual position."
    elif mirrored:
        words = "The film is mirrored: the patient's right is on the viewer's right."
    else:
        return []
    return [_Paragraph(words, small=True)]


def _say_area(area_mm2: float | None, area_fraction: float) -> str:
    """Say an area in the unit that suits it, or as a share of the image where the film is not calibrated."""
    if area_mm2 is None:
        return "less than 0.1 % of the image" if area_fraction < 0.001 else f"{area_fraction:.1%} of the image"
    return f"{area_mm2:.0f} mm²" if area_mm2 < 100 else f"{area_mm2 / 100:.1f} cm²"

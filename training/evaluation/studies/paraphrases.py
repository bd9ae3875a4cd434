"""Published notes in a radiologist's words, and what a checkpoint makes of them.

The network is given the sentence that the program says of a note, so that two notes with the same meaning can only
lead to another outline where the sentence differs: that is counted first, and only those sentences are run.

    python -m training evaluate-paraphrases --data DIR --split val --checkpoint NAME
    python -m training evaluate-paraphrases --data DIR --sentences-only
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import box
from rich.table import Table

from CausalCLIPSegLib.cli.console import out
from CausalCLIPSegLib.laterality import SIDES, Laterality, Side, say_side
from CausalCLIPSegLib.model.card import find_checkpoint, read_card
from CausalCLIPSegLib.model.device import Device
from CausalCLIPSegLib.notes import ReferringExpression, Zone, parse_note, swap_sides, to_prompt
from training.console import progress_bar
from training.data.splits import Sample, read_split, subsample_evenly
from training.options import CheckpointOption, DataOption, DeviceOption, JsonOption, LimitOption, SplitOption

if TYPE_CHECKING:
    from training.evaluation.overlap import Scores

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
LOBES: dict[Zone, str] = {"upper": "upper lobe", "middle": "mid zone", "lower": "lower lobe"}
ZONES: dict[Zone, str] = {"upper": "upper zone", "middle": "mid zone", "lower": "lower zone"}
PARTS: dict[Zone, str] = {"upper": "apex", "middle": "perihilar region", "lower": "base"}
LETTERS: dict[Zone, str] = {"upper": "UZ", "middle": "MZ", "lower": "LZ"}


@dataclass(frozen=True)
class Paraphrase:
    """A note in other words.

    Attributes:
        style: one of `STYLES`.
        text: the note.
        laterality: whose left and right it means.
    """

    style: str
    text: str
    laterality: Laterality = "patient"


def paraphrase(note: str, laterality: Laterality) -> list[Paraphrase]:
    """Return ten other notes that mean the same: the first six also state the number of areas, the last four do not.

    Args:
        note: a published sentence.
        laterality: whose left and right it means.
    """
    meant = parse_note(note, laterality)
    area = "area" if meant.count == 1 else "areas"
    number = NUMBERS[meant.count] if meant.count is not None and meant.count < len(NUMBERS) else ""
    lobes, zones, parts = (_places(meant, words, "patient") for words in (LOBES, ZONES, PARTS))
    verb = "are" if number and meant.count != 1 else "is"
    counted = f"{number} {area} of " if number else ""
    return [
        Paraphrase("published, patient's sides", swap_sides(note) if laterality == "viewer" else note),
        Paraphrase("lobes", f"{_capital(counted)}consolidation in {lobes}."),
        Paraphrase("viewer's sides", f"Opacities, {number} {area}, in {_places(meant, ZONES, 'viewer')}.", "viewer"),
        Paraphrase(
            "report",
            "INDICATION: Cough and fever, left-sided chest pain. Pneumonia?\nCOMPARISON: None.\n"
            f"FINDINGS: Heart size is normal. There {verb} {counted}airspace opacity in {zones}. No pleural effusion "
            "or pneumothorax. Right-sided PICC line with its tip in the SVC.\nIMPRESSION: Findings concerning for "
            "pneumonia.",
        ),
        Paraphrase("capitals", f"{counted}CONSOLIDATION, {zones}. NO EFFUSION.".upper()),
        Paraphrase("misspelt", f"{_capital(counted)}consolidaton in {_misspelt(lobes)}, no efusion"),
        Paraphrase("letters", f"Infiltrates {_letters(meant)}, c/w PNA."),
        Paraphrase("British", f"Airspace shadowing in {zones} in keeping with infection. Repeat film in 6 weeks."),
        Paraphrase("regions", f"Patchy opacity at {parts}, suspicious for pneumonia; no pneumothorax."),
        Paraphrase(
            "comparison",
            f"In comparison with the prior study, the opacities in {zones} are unchanged. The previously seen "
            "effusion has resolved.",
        ),
    ]


STYLES = (
    "published, patient's sides",
    "lobes",
    "viewer's sides",
    "report",
    "capitals",
    "misspelt",
    "letters",
    "British",
    "regions",
    "comparison",
)
"""The styles of the ten, in their order."""


def _places(meant: ReferringExpression, words: dict[Zone, str], laterality: Laterality) -> str:
    """Return "the right upper lobe and mid zone and the entire left lung"."""
    return " and ".join(_place(meant, side, words, say_side(side, laterality)) for side in meant.sides)


def _place(meant: ReferringExpression, side: Side, words: dict[Zone, str], said: Side) -> str:
    zones = meant.zones[side]
    if side in meant.whole:
        return f"the entire {said} lung"
    if not zones:
        return f"the {said} lung"
    return f"the {said} " + " and ".join(words[zone] for zone in zones)


def _letters(meant: ReferringExpression) -> str:
    parts: list[str] = []
    for side in SIDES:
        if side in meant.sides:
            letter = side[0].upper()
            whole = [f"entire {letter} lung"] if side in meant.whole or not meant.zones[side] else []
            parts += whole if side in meant.whole else [f"{letter}{LETTERS[zone]}" for zone in meant.zones[side]]
            parts += [f"{letter} lung"] if not meant.zones[side] else []
    return " + ".join(parts)


def _misspelt(text: str) -> str:
    return (
        text.replace("right", "rigth").replace("lower", "lowr").replace("upper", "uppper").replace("entire", "entrie")
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def paraphrases_of(sample: Sample, laterality: Laterality) -> tuple[str, dict[str, str | None]]:
    """Return what is said of a published note, and of its paraphrases by style; None where nothing is understood.

    Args:
        sample: with the published note.
        laterality: of the checkpoint.
    """
    own = to_prompt(parse_note(sample.note, sample.laterality), laterality)
    said: dict[str, str | None] = {}
    for other in paraphrase(sample.note, sample.laterality):
        expression = parse_note(other.text, other.laterality)
        said[other.style] = to_prompt(expression, laterality) if expression.sides else None
    return own, said


def agreement(samples: Sequence[Sample], laterality: Laterality) -> dict[str, float]:
    """Return by style the share of samples, percent, whose paraphrase leads to the sentence of the published note."""
    same = dict.fromkeys(STYLES, 0)
    for sample in samples:
        own, said = paraphrases_of(sample, laterality)
        for style in STYLES:
            same[style] += said[style] == own
    return {style: round(100 * number / max(len(samples), 1), 2) for style, number in same.items()}


def dice_under_paraphrases(
    checkpoint: str, device: Device, samples: Sequence[Sample], advance: Callable[[], None]
) -> tuple[Scores, dict[str, Scores]]:
    """Return the scores of a checkpoint with the published notes, and by style with their paraphrases.

    Each film is run once for each different sentence; a paraphrase of which nothing is understood outlines nothing.
    """
    import numpy as np

    from CausalCLIPSegLib.segmenter import Segmenter
    from training.evaluation.overlap import Scores, count

    segmenter = Segmenter.from_checkpoint(checkpoint, device)
    published, by_style = Scores(), {style: Scores() for style in STYLES}
    for sample in samples:
        own, said = paraphrases_of(sample, segmenter.card.laterality)
        radiograph, truth = sample.load()
        segmenter.set_radiograph(radiograph)
        masks: dict[str | None, Any] = {None: np.zeros(truth.shape, dtype=bool)}
        for sentence in {own, *said.values()} - {None}:
            masks[sentence] = segmenter.predict(str(sentence)) >= segmenter.card.threshold
        published.add(sample.name, count(masks[own], truth))
        for style in STYLES:
            by_style[style].add(sample.name, count(masks[said[style]], truth))
        advance()
    return published, by_style


def evaluate_paraphrases(
    data: DataOption,
    split: SplitOption = "val",
    checkpoint: CheckpointOption = "default",
    json_file: JsonOption = None,
    limit: LimitOption = None,
    device: DeviceOption = "auto",
    sentences_only: Annotated[bool, typer.Option("--sentences-only", help="Run no network.")] = False,
) -> None:
    """Measure how far ten paraphrases of each note change the sentence for the network, and the Dice."""
    samples = subsample_evenly(read_split(data, split), limit)
    card = read_card(find_checkpoint(checkpoint))
    same = agreement(samples, card.laterality)
    figures: dict[str, Any] = {"checkpoint": card.name, "split": split, "n": len(samples), "same_sentence": same}
    if not sentences_only:
        with progress_bar("Paraphrases", len(samples)) as advance:
            published, by_style = dice_under_paraphrases(checkpoint, device, samples, advance)
        dice = {style: float(100 * scores.dice.mean()) for style, scores in by_style.items()}
        own = float(100 * published.dice.mean())
        mean = sum(dice.values()) / len(dice)
        figures["dice"] = {"published": round(own, 2), "paraphrases": {k: round(v, 2) for k, v in dice.items()}}
        figures["dice"] |= {"mean_of_paraphrases": round(mean, 2), "drop": round(own - mean, 2) + 0.0}
    if json_file is not None:
        json_file.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    _print(figures)


def _print(figures: dict[str, Any]) -> None:
    table = Table(title=f"{figures['checkpoint']} on {figures['split']}, {figures['n']} notes", box=box.MARKDOWN)
    table.add_column("style")
    table.add_column("same sentence, %", justify="right")
    table.add_column("Dice", justify="right")
    dice = figures.get("dice")
    if dice:
        table.add_row("published", "", f"{dice['published']:.2f}")
    for style, same in figures["same_sentence"].items():
        table.add_row(style, f"{same:.2f}", f"{dice['paraphrases'][style]:.2f}" if dice else "-")
    out.print(table)
    if dice:
        out.print(
            f"Mean Dice of the paraphrases {dice['mean_of_paraphrases']:.2f}, {dice['drop']:.2f} below the published."
        )

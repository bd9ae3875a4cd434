"""Paraphrase published notes as radiologists write, and measure a checkpoint with the paraphrases.

The network receives the prompt that the program derives from a note, so a paraphrase changes the mask only if it
changes the prompt. The study first counts equal prompts, and then runs each different prompt once.

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

from CausalCLIPSegLib.atomic_files import write_text
from CausalCLIPSegLib.cli.console import out
from CausalCLIPSegLib.cli.options import CheckpointOption, DeviceOption
from CausalCLIPSegLib.laterality import SIDES, Laterality, Side, say_side
from CausalCLIPSegLib.model.card import find_checkpoint, read_card
from CausalCLIPSegLib.model.device import Device
from CausalCLIPSegLib.notes import ReferringExpression, Zone, parse_note, swap_sides, to_prompt
from training.console import progress_bar
from training.data.splits import Sample, read_split, subsample_evenly
from training.options import DataOption, JsonOption, LimitOption, SplitOption

if TYPE_CHECKING:
    from training.evaluation.scores import Scores

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
        laterality: whose left and right the note means.
    """

    style: str
    text: str
    laterality: Laterality = "patient"


def paraphrase(note: str, laterality: Laterality) -> list[Paraphrase]:
    """Return ten notes with the same meaning; the first six also state the number of areas, the last four do not.

    Args:
        note: a published note.
        laterality: whose left and right the note means.
    """
    meaning = parse_note(note, laterality)
    area = "area" if meaning.count == 1 else "areas"
    number = NUMBERS[meaning.count] if meaning.count is not None and meaning.count < len(NUMBERS) else ""
    lobes, zones, parts = (_places(meaning, terms, "patient") for terms in (LOBES, ZONES, PARTS))
    verb = "are" if number and meaning.count != 1 else "is"
    counted = f"{number} {area} of " if number else ""
    return [
        Paraphrase("published, patient's sides", swap_sides(note) if laterality == "viewer" else note),
        Paraphrase("lobes", f"{_capital(counted)}consolidation in {lobes}."),
        Paraphrase("viewer's sides", f"Opacities, {number} {area}, in {_places(meaning, ZONES, 'viewer')}.", "viewer"),
        Paraphrase(
            "report",
            "INDICATION: Cough and fever, left-sided chest pain. Pneumonia?\nCOMPARISON: None.\n"
            f"FINDINGS: Heart size is normal. There {verb} {counted}airspace opacity in {zones}. No pleural effusion "
            "or pneumothorax. Right-sided PICC line with its tip in the SVC.\nIMPRESSION: Findings concerning for "
            "pneumonia.",
        ),
        Paraphrase("capitals", f"{counted}CONSOLIDATION, {zones}. NO EFFUSION.".upper()),
        Paraphrase("misspelt", f"{_capital(counted)}consolidaton in {_misspell(lobes)}, no efusion"),
        Paraphrase("letters", f"Infiltrates {_letters(meaning)}, c/w PNA."),
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
"""The styles of the ten paraphrases, in their order."""


def _places(meaning: ReferringExpression, terms: dict[Zone, str], laterality: Laterality) -> str:
    """Name the places in a phrase like "the right upper lobe and mid zone and the entire left lung"."""
    return " and ".join(_place(meaning, side, terms, say_side(side, laterality)) for side in meaning.sides)


def _place(meaning: ReferringExpression, side: Side, terms: dict[Zone, str], side_term: Side) -> str:
    zones = meaning.zones[side]
    if side in meaning.whole:
        return f"the entire {side_term} lung"
    if not zones:
        return f"the {side_term} lung"
    return f"the {side_term} " + " and ".join(terms[zone] for zone in zones)


def _letters(meaning: ReferringExpression) -> str:
    """Abbreviate the places in a phrase like "RLZ + entire L lung"."""
    places: list[str] = []
    for side in (side for side in SIDES if side in meaning.sides):
        letter = side[0].upper()
        if side in meaning.whole:
            places.append(f"entire {letter} lung")
        elif meaning.zones[side]:
            places += [f"{letter}{LETTERS[zone]}" for zone in meaning.zones[side]]
        else:
            places.append(f"{letter} lung")
    return " + ".join(places)


def _misspell(text: str) -> str:
    return (
        text.replace("right", "rigth").replace("lower", "lowr").replace("upper", "uppper").replace("entire", "entrie")
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def prompts_of(sample: Sample, laterality: Laterality) -> tuple[str, dict[str, str | None]]:
    """Return the prompt of a published note, and its paraphrases' prompts by style; None if no side is understood.

    Args:
        sample: a sample with the published note.
        laterality: whose left and right the prompts of the checkpoint mean.
    """
    published = to_prompt(sample.parse(), laterality)
    prompts: dict[str, str | None] = {}
    for other in paraphrase(sample.note, sample.laterality):
        expression = parse_note(other.text, other.laterality)
        prompts[other.style] = to_prompt(expression, laterality) if expression.sides else None
    return published, prompts


def agreement(samples: Sequence[Sample], laterality: Laterality) -> dict[str, float]:
    """Return by style the percentage of samples whose paraphrase leads to the prompt of the published note."""
    equal = dict.fromkeys(STYLES, 0)
    for sample in samples:
        published, prompts = prompts_of(sample, laterality)
        for style in STYLES:
            equal[style] += prompts[style] == published
    return {style: round(100 * number / max(len(samples), 1), 2) for style, number in equal.items()}


def dice_under_paraphrases(
    checkpoint: str, device: Device, samples: Sequence[Sample], advance: Callable[[], None]
) -> tuple[Scores, dict[str, Scores]]:
    """Return the scores of a checkpoint with the published notes, and by style with their paraphrases.

    Each radiograph is segmented once for each different prompt; a paraphrase that is not understood has an empty mask.
    """
    import numpy as np

    from CausalCLIPSegLib.segmenter import Segmenter
    from training.evaluation.scores import Scores, count

    segmenter = Segmenter.from_checkpoint(checkpoint, device)
    scores, by_style = Scores(), {style: Scores() for style in STYLES}
    for sample in samples:
        published, prompts = prompts_of(sample, segmenter.card.laterality)
        radiograph, truth = sample.load()
        segmenter.set_radiograph(radiograph)
        masks: dict[str | None, Any] = {None: np.zeros(truth.shape, dtype=bool)}
        for prompt in {published, *prompts.values()} - {None}:
            masks[prompt] = segmenter.predict(str(prompt)) >= segmenter.card.threshold
        scores.add(sample.name, count(masks[published], truth))
        for style in STYLES:
            by_style[style].add(sample.name, count(masks[prompts[style]], truth))
        advance()
    return scores, by_style


def evaluate_paraphrases(
    data: DataOption,
    split: SplitOption = "val",
    checkpoint: CheckpointOption = "default",
    json_file: JsonOption = None,
    limit: LimitOption = None,
    device: DeviceOption = "auto",
    sentences_only: Annotated[
        bool, typer.Option("--sentences-only", help="Only compare the prompts; run no network.")
    ] = False,
) -> None:
    """Measure how much ten paraphrases of each note change the prompt for the network, and the Dice."""
    samples = subsample_evenly(read_split(data, split), limit)
    card = read_card(find_checkpoint(checkpoint))
    equal = agreement(samples, card.laterality)
    metrics: dict[str, Any] = {"checkpoint": card.name, "split": split, "n": len(samples), "same_sentence": equal}
    if not sentences_only:
        with progress_bar("Paraphrases", len(samples)) as advance:
            published, by_style = dice_under_paraphrases(checkpoint, device, samples, advance)
        own = float(100 * published.dice.mean())
        dice = {style: float(100 * scores.dice.mean()) for style, scores in by_style.items()}
        mean = sum(dice.values()) / len(dice)
        metrics["dice"] = {
            "published": round(own, 2),
            "paraphrases": {style: round(value, 2) for style, value in dice.items()},
            "mean_of_paraphrases": round(mean, 2),
            "drop": round(own - mean, 2) + 0.0,
        }
    if json_file is not None:
        write_text(json_file, json.dumps(metrics, indent=2) + "\n")
    _print(metrics)


def _print(metrics: dict[str, Any]) -> None:
    table = Table(title=f"{metrics['checkpoint']} on {metrics['split']}, {metrics['n']} notes", box=box.MARKDOWN)
    table.add_column("style")
    table.add_column("same prompt, %", justify="right")
    table.add_column("Dice", justify="right")
    dice = metrics.get("dice")
    if dice:
        table.add_row("published", "", f"{dice['published']:.2f}")
    for style, equal in metrics["same_sentence"].items():
        table.add_row(style, f"{equal:.2f}", f"{dice['paraphrases'][style]:.2f}" if dice else "-")
    out.print(table)
    if dice:
        out.print(
            f"Mean Dice of the paraphrases {dice['mean_of_paraphrases']:.2f}, {dice['drop']:.2f} below the published."
        )

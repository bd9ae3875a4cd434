"""`python -m training`: fit (Lightning's command line), evaluate and export."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from CausalCLIPSegLib import __version__
from CausalCLIPSegLib.atomic_files import write_text
from CausalCLIPSegLib.cli.console import err, out
from CausalCLIPSegLib.cli.run import run_command
from CausalCLIPSegLib.model.card import Card, write_card
from training.console import progress_bar
from training.data.splits import Sample, Split, read_split, subsample_evenly
from training.evaluation.contact_sheet import draw_sheet
from training.evaluation.corruptions import SHIFTS
from training.evaluation.note_ablations import NOTE_KINDS, commonest, read_kinds
from training.evaluation.report import print_figures
from training.evaluation.studies.description_agreement import describe_command, fit_extent_command
from training.evaluation.studies.notes_benchmark import notes
from training.evaluation.studies.paraphrases import evaluate_paraphrases
from training.evaluation.studies.results_page import results_command
from training.options import CheckpointOption, DataOption, DeviceOption, LimitOption, SplitOption

if TYPE_CHECKING:
    from CausalCLIPSegLib.segmenter import Segmenter
    from training.evaluation.evaluate import Evaluation, Questions
    from training.evaluation.journal import Journal

# What needs torch is imported by the command that needs it, so that the others and --help answer at once.
app = typer.Typer(
    help="Train, evaluate and export checkpoints.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command()(notes)
app.command()(evaluate_paraphrases)
app.command("describe")(describe_command)
app.command("fit-extent")(fit_extent_command)
app.command("results")(results_command)


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
    help="Train by a configuration: --config F. Lightning's command line, see fit --help.",
)
def fit(context: typer.Context) -> None:
    """Hand over to Lightning's command line."""
    from training.fitting.cli import TrainingCLI

    # Lightning starts further processes by the arguments of this one, so they stay where they are.
    TrainingCLI()


@app.command()
def evaluate(
    data: DataOption,
    split: SplitOption = "val",
    checkpoint: CheckpointOption = "default",
    json_file: Annotated[
        Path | None,
        typer.Option(
            "--json", help="Write the figures to this file; an evaluation that was stopped goes on where it was."
        ),
    ] = None,
    limit: LimitOption = None,
    device: DeviceOption = "auto",
    notes: Annotated[str, typer.Option(help=f"Other notes to read the films by: {', '.join(NOTE_KINDS)}; all.")] = "",
    shifts: Annotated[bool, typer.Option("--shifts", help="Measure on changed films as well.")] = False,
    worst: Annotated[Path | None, typer.Option(help="Draw the worst cases on this picture (PNG).")] = None,
    worst_number: Annotated[int, typer.Option(min=1, help="How many of them.")] = 12,
    cases: Annotated[Path | None, typer.Option(help="Write the figures of each case to this table (CSV).")] = None,
    strict: Annotated[bool, typer.Option(help="Refuse a split with faulty rows, or leave them out.")] = True,
    seed: Annotated[int, typer.Option(help="Of the resampling for the intervals.")] = 0,
) -> None:
    """Measure a checkpoint: Dice and mIoU with intervals, by side and size, calibration, and how it takes the note."""
    from CausalCLIPSegLib.segmenter import Segmenter
    from training.evaluation.evaluate import Questions, worst_tiles

    kinds = read_kinds(notes)
    samples = read_split(data, split, strict=strict)
    constant = commonest(samples) if "constant" in kinds else None
    samples = subsample_evenly(samples, limit)
    questions = Questions(kinds, SHIFTS if shifts else (), constant, seed)
    segmenter = Segmenter.from_checkpoint(checkpoint, device)
    journal = None if json_file is None else _journal(json_file, segmenter, samples, questions)
    figures, result = _measure(segmenter, samples, split, questions, journal)
    if json_file is not None:
        write_text(json_file, json.dumps(figures, indent=2) + "\n")
    if journal is not None:
        journal.remove()
    if cases is not None:
        result.own.write_csv(cases)
    title = f"{figures['checkpoint']} on {split}"
    if worst is not None:
        draw_sheet(worst_tiles(segmenter, samples, result.own, worst_number), worst, f"{title}: lowest Dice")
    print_figures(out, figures, title)


@app.command()
def export(
    run: Annotated[
        list[Path],
        typer.Option(
            help="A checkpoint of Lightning, for instance best.ckpt of a run; the weights of several are averaged."
        ),
    ],
    config: Annotated[Path, typer.Option(help="The configuration that it was trained with.")],
    card: Annotated[Path, typer.Option(help="YAML with the words of the card.")],
    output: Annotated[Path, typer.Option(help="Folder to write card and weights into.")],
    data: Annotated[Path, typer.Option(help="A folder laid out as LViT's; its validation split is measured.")],
    limit: LimitOption = None,
    device: DeviceOption = "auto",
) -> None:
    """Write the weights of a run as a checkpoint, and measure the written file on validation for its card."""
    from CausalCLIPSegLib.segmenter import Segmenter
    from training.export.checkpoint import export_checkpoint, network_of
    from training.yaml_file import read_yaml

    written = export_checkpoint(run, network_of(config), read_yaml(card), output)
    segmenter = Segmenter.from_checkpoint(str(output), device)
    figures, _ = _measure(segmenter, subsample_evenly(read_split(data, "val"), limit), "val")
    command = f"python -m training evaluate --data DIR --split val --checkpoint {written.name}"
    write_card(
        Card.model_validate({**written.model_dump(), "figures": {"validation": figures, "command": command}}), output
    )
    print_figures(out, figures, f"{written.name} on val")


@app.command("export-onnx")
def onnx(
    output: Annotated[Path, typer.Option(help="Folder to write the two graphs and the card into.")],
    checkpoint: CheckpointOption = "default",
) -> None:
    """Write a checkpoint as ONNX graphs, and run them by ONNX Runtime against torch."""
    from training.export.onnx import export_onnx

    difference = export_onnx(checkpoint, output)
    out.print(f"{output}: probabilities differ from torch's by at most {difference:.1e}.")


def _journal(json_file: Path, segmenter: Segmenter, samples: list[Sample], questions: Questions) -> Journal:
    """Return the journal beside the file of figures, which holds what a stopped evaluation has measured."""
    from training.evaluation.journal import Journal, fingerprint

    question = {
        "card": segmenter.card.model_dump(mode="json", exclude={"figures"}),
        "program": __version__,
        "notes": questions.notes,
        "constant": str(questions.constant),
        "shifts": [(shift.kind, shift.strength) for shift in questions.shifts],
    }
    journal = Journal(json_file.with_name(f"{json_file.name}.journal"), fingerprint(samples, question))
    if journal.cases:
        err.print(f"Going on: {len(journal.cases)} of {len(samples)} films were measured before.")
    return journal


def _measure(
    segmenter: Segmenter,
    samples: list[Sample],
    split: Split,
    questions: Questions | None = None,
    journal: Journal | None = None,
) -> tuple[dict[str, Any], Evaluation]:
    from training.evaluation.evaluate import evaluate as measure

    try:
        with progress_bar(f"Measuring on {split}", len(samples)) as advance:
            result = measure(segmenter, samples, advance, questions, journal)
    except KeyboardInterrupt:
        if journal is not None:
            err.print("The same command goes on where this one was stopped.")
        raise
    card = segmenter.card
    about = {"checkpoint": card.name, "sha256": card.sha256, "split": split, "device": segmenter.device.type}
    return {**about, **result.figures()}, result


if __name__ == "__main__":
    sys.exit(run_command(app, tracebacks=True, stopped="Stopped."))

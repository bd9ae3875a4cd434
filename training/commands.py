"""The commands of `python -m training`: fit (Lightning's command line), evaluate, export and the studies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from CausalCLIPSegLib.atomic_files import write_text
from CausalCLIPSegLib.cli.console import out
from CausalCLIPSegLib.cli.options import CheckpointOption, DeviceOption, EngineOption
from CausalCLIPSegLib.model.card import Card, write_card
from training.ablation.command import ablate
from training.console import progress_bar
from training.data.commands import check_splits, import_chestx_det
from training.data.splits import Sample, Split, read_split, subsample_evenly
from training.evaluation.contact_sheet import draw_sheet
from training.evaluation.corruptions import CORRUPTIONS
from training.evaluation.note_ablations import NOTE_KINDS, most_common_note, parse_note_kinds
from training.evaluation.report import print_metrics
from training.evaluation.studies.calibrate_places import calibrate_places
from training.evaluation.studies.compare_checkpoints import compare_checkpoints
from training.evaluation.studies.description_agreement import describe_command, fit_extent_command
from training.evaluation.studies.engine_agreement import compare_engines
from training.evaluation.studies.map_value import measure_maps
from training.evaluation.studies.notes_benchmark import notes
from training.evaluation.studies.paraphrases import evaluate_paraphrases
from training.evaluation.studies.results_page import results_command
from training.evaluation.studies.trade_off import trade_off
from training.gpu.command import fit_gpu, pack
from training.options import DataOption, LimitOption, SplitOption

if TYPE_CHECKING:
    from CausalCLIPSegLib.segmenter import Segmenter
    from training.evaluation.case import Case
    from training.evaluation.conditions import Conditions
    from training.evaluation.evaluate import Evaluation
    from training.evaluation.journal import Journal

# Each command imports torch only if it needs it, so that --help and the other commands start quickly.
app = typer.Typer(
    help="Train, evaluate and export checkpoints.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command()(notes)
app.command()(evaluate_paraphrases)
app.command()(compare_engines)
app.command("describe")(describe_command)
app.command("fit-extent")(fit_extent_command)
app.command("results")(results_command)
app.command("calibrate-places")(calibrate_places)
app.command()(compare_checkpoints)
app.command()(trade_off)
app.command("maps")(measure_maps)
app.command()(ablate)
app.command()(pack)
app.command("fit-gpu", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(fit_gpu)
app.command("check-splits")(check_splits)
app.command("import-chestx-det")(import_chestx_det)


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
    help="Train from a configuration: --config FILE. This is Lightning's command line; see fit --help.",
)
def fit(context: typer.Context) -> None:
    """Run Lightning's command line."""
    from training.fitting.cli import TrainingCLI

    # Lightning starts further processes with the arguments in sys.argv, so they are not passed explicitly.
    TrainingCLI()


@app.command()
def evaluate(
    data: DataOption,
    split: SplitOption = "val",
    checkpoint: CheckpointOption = "default",
    json_file: Annotated[
        Path | None,
        typer.Option(
            "--json", help="Write the metrics to this file; if the evaluation was stopped before, it is continued."
        ),
    ] = None,
    limit: LimitOption = None,
    device: DeviceOption = "auto",
    engine: EngineOption = "auto",
    notes: Annotated[str, typer.Option(help=f"Also evaluate with other notes: {', '.join(NOTE_KINDS)}; or all.")] = "",
    shifts: Annotated[bool, typer.Option("--shifts", help="Also evaluate on corrupted radiographs.")] = False,
    referring: Annotated[
        bool,
        typer.Option("--referring", help="Also evaluate with notes that name only one lung or zone, each in turn."),
    ] = False,
    worst: Annotated[Path | None, typer.Option(help="Draw the worst cases into this file (PNG).")] = None,
    worst_number: Annotated[int, typer.Option(min=1, help="How many cases to draw.")] = 12,
    cases: Annotated[Path | None, typer.Option(help="Write the metrics of each case to this file (CSV).")] = None,
    strict: Annotated[bool, typer.Option(help="Reject a split with faulty rows, or leave those rows out.")] = True,
    seed: Annotated[int, typer.Option(help="Seed of the resampling for the intervals.")] = 0,
) -> None:
    """Evaluate a checkpoint: Dice and mIoU with intervals, by side and size; calibration; how it follows the note."""
    from CausalCLIPSegLib.segmenter import Segmenter
    from training.evaluation.conditions import Conditions
    from training.evaluation.evaluate import worst_tiles

    kinds = parse_note_kinds(notes)
    samples = read_split(data, split, strict=strict)
    segmenter = Segmenter.from_checkpoint(checkpoint, device, engine)
    constant = most_common_note(samples, segmenter.card.findings) if "constant" in kinds else None
    samples = subsample_evenly(samples, limit)
    corruptions = CORRUPTIONS if shifts else ()
    conditions = Conditions(kinds, corruptions, referring=referring, constant=constant, seed=seed)
    journal = None if json_file is None else _journal(json_file, segmenter, samples, conditions)
    metrics, evaluation = _measure(segmenter, samples, split, conditions, journal)
    if json_file is not None:
        write_text(json_file, json.dumps(metrics, indent=2) + "\n")
    if journal is not None:
        journal.remove()
    if cases is not None:
        evaluation.own.write_csv(cases)
    title = f"{metrics['checkpoint']} on {split}"
    if worst is not None:
        draw_sheet(worst_tiles(segmenter, samples, evaluation.own, worst_number), worst, f"{title}: lowest Dice")
    print_metrics(out, metrics, title)


@app.command()
def export(
    run: Annotated[
        list[Path],
        typer.Option(
            help="A Lightning checkpoint, for instance best.ckpt of a run; the weights of several are averaged."
        ),
    ],
    config: Annotated[Path, typer.Option(help="The configuration of the run.")],
    card: Annotated[Path, typer.Option(help="YAML with the text of the card.")],
    output: Annotated[Path, typer.Option(help="Folder for card, weights and graphs.")],
    data: Annotated[Path, typer.Option(help="Folder of the data set; its validation split is evaluated.")],
    limit: LimitOption = None,
    device: DeviceOption = "auto",
    all_tokens: Annotated[
        bool, typer.Option("--all-tokens", help="Keep the rows of tokens that no prompt has; 12 MB more.")
    ] = False,
) -> None:
    """Export the weights of a run as a checkpoint, and evaluate it on the validation split for its card."""
    from CausalCLIPSegLib.segmenter import Segmenter
    from training.evaluation.conditions import Conditions
    from training.export.checkpoint import export_checkpoint, network_of
    from training.yaml_file import read_yaml

    written = export_checkpoint(run, network_of(config), read_yaml(card), output, all_tokens=all_tokens)
    segmenter = Segmenter.from_checkpoint(str(output), device)
    samples = subsample_evenly(read_split(data, "val"), limit)
    metrics, _ = _measure(segmenter, samples, "val", Conditions(referring=True))
    command = f"python -m training evaluate --data DIR --split val --checkpoint {written.name} --referring"
    write_card(
        Card.model_validate({**written.model_dump(), "figures": {"validation": metrics, "command": command}}), output
    )
    print_metrics(out, metrics, f"{written.name} on val")


@app.command("export-onnx")
def onnx(
    output: Annotated[
        Path, typer.Option(help="Folder for a copy with graphs; if it is the checkpoint's own, the graphs are added.")
    ],
    checkpoint: CheckpointOption = "default",
) -> None:
    """Write the graphs of a checkpoint for ONNX Runtime, and compare them with PyTorch."""
    from training.export.graphs import add_graphs

    difference = add_graphs(checkpoint, output)
    out.print(f"{output}: probabilities differ from PyTorch's by at most {difference:.1e}.")


def _journal(json_file: Path, segmenter: Segmenter, samples: list[Sample], conditions: Conditions) -> Journal[Case]:
    """Return the journal beside the metrics file; it holds the cases that a stopped evaluation has finished."""
    from training.evaluation.case import Case
    from training.evaluation.journal import open_journal

    settings = {
        "card": segmenter.card.model_dump(mode="json", exclude={"figures"}),
        "notes": conditions.notes,
        "constant": str(conditions.constant),
        "referring": conditions.referring,
        "corruptions": [(corruption.kind, corruption.strength) for corruption in conditions.corruptions],
    }
    return open_journal(json_file, samples, settings, Case)


def _measure(
    segmenter: Segmenter,
    samples: list[Sample],
    split: Split,
    conditions: Conditions | None = None,
    journal: Journal[Case] | None = None,
) -> tuple[dict[str, Any], Evaluation]:
    """Evaluate with a progress bar; return the metrics as JSON holds them, and the evaluation with each case."""
    from training.evaluation.evaluate import evaluate as measure

    with progress_bar(f"Evaluating on {split}", len(samples)) as advance:
        result = measure(segmenter, samples, advance, conditions, journal)
    card = segmenter.card
    source = {"checkpoint": card.name, "sha256": card.sha256, "split": split, "device": segmenter.device}
    return {**source, "engine": segmenter.engine.name, **result.metrics()}, result

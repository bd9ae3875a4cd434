"""The ablation of RecLMIS at a small size: which parts of its objective help, as differences per seed."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from CausalCLIPSegLib.atomic_files import write_text
from CausalCLIPSegLib.cli.console import out
from CausalCLIPSegLib.errors import CausalCLIPSegError
from training.options import JsonOption

CONFIGS = Path(__file__).parents[1] / "configs"
_CONFIGS = ("default.yaml", "ablation.yaml", "reclmis_ablation.yaml")


def _objective(
    vision: float = 1,
    language: float = 1,
    contrast: float = 0.2,
    *,
    conditions: bool = True,
    equal_notes: bool = False,
) -> dict[str, str]:
    settings = {
        "vision_weight": vision,
        "language_weight": language,
        "contrastive_weight": contrast,
        "conditions": conditions,
        "equal_notes_are_positive": equal_notes,
    }
    return {f"model.reclmis.{name}": str(value).lower() for name, value in settings.items()}


ARMS: dict[str, dict[str, str]] = {
    "no text": {**_objective(0, 0, 0), "data.note_dropout": "1.0"},
    "CI": _objective(0, 0, 0),
    "CI + CVR": _objective(1, 0, 0),
    "CI + CLR": _objective(0, 1, 0),
    "all": _objective(),
    "all, no conditions": _objective(conditions=False),
    "all, equal notes positive": _objective(equal_notes=True),
}
"""The settings of each arm, as options of `fit`; the first rows are those of Table III of the paper."""
REFERENCE = "CI"
"""The arm that the others are compared with."""


def ablate(
    data: Annotated[Path, typer.Option(help="Folder of the data set.")],
    output: Annotated[Path, typer.Option(help="Folder of the runs; those that are finished are not repeated.")],
    seeds: Annotated[int, typer.Option(min=1, help="Number of seeds of each arm.")] = 3,
    arms: Annotated[str, typer.Option(help="Only these arms, separated by semicolons.")] = "",
    options: Annotated[str, typer.Option(help="Further options of `fit` for all runs, separated by blanks.")] = "",
    json_file: JsonOption = None,
) -> None:
    """Train each arm of the ablation of RecLMIS with several seeds, and compare them seed by seed."""
    chosen = [each.strip() for each in arms.split(";") if each.strip()] or list(ARMS)
    if unknown := [arm for arm in chosen if arm not in ARMS]:
        raise CausalCLIPSegError(f"There is no arm “{unknown[0]}”; the arms are: {'; '.join(ARMS)}.")
    results: dict[str, dict[int, float]] = {arm: {} for arm in chosen}
    for seed in range(1, seeds + 1):  # all arms of a seed before the next one, so that a part can be compared
        for arm in chosen:
            results[arm][seed] = run_arm(arm, seed, data, output, options.split())
            out.print(f"seed {seed}, {arm}: Dice {results[arm][seed]:.2f}")
    summary = summarize(results)
    if json_file is not None:
        write_text(json_file, json.dumps(summary, indent=2) + "\n")
    for arm, row in summary.items():
        differences = " ".join(f"{value:+.2f}" for value in row["differences"])
        out.print(f"{arm}: {row['dice']:.2f}; difference to {REFERENCE} per seed: {differences or 'not measured'}")


def run_arm(arm: str, seed: int, data: Path, output: Path, options: list[str]) -> float:
    """Train one arm with one seed, or continue it where it was stopped, and return its validation Dice in percent.

    Raises:
        CausalCLIPSegError: the training failed.
    """
    folder = output / re.sub(r"[^a-z]+", "_", arm.lower()) / f"seed_{seed}"
    finished = folder / "dice.json"
    if finished.is_file():
        return float(json.loads(finished.read_text())["dice"])
    settings = {
        "seed_everything": str(seed),
        "data.data": str(data),
        "trainer.logger.init_args.save_dir": str(folder.parent),
        "trainer.logger.init_args.name": folder.name,
        "trainer.logger.init_args.version": "run",
        **ARMS[arm],
    }
    last = folder / "run" / "checkpoints" / "last.ckpt"
    if last.is_file():
        settings["ckpt_path"] = str(last)
    command = [sys.executable, "-m", "training", "fit"]
    command += [word for name in _CONFIGS for word in ("--config", str(CONFIGS / name))]
    command += [word for name, value in settings.items() for word in (f"--{name}", value)]
    if subprocess.run([*command, *options], check=False).returncode:
        raise CausalCLIPSegError(f"The run “{arm}” with seed {seed} failed; repeat the command to continue.")
    dice = read_dice(folder / "run" / "metrics.csv")
    write_text(finished, json.dumps({"arm": arm, "seed": seed, "dice": dice}) + "\n")
    return dice


def read_dice(table: Path) -> float:
    """Return the last validation Dice in metrics.csv, in percent."""
    with table.open(encoding="utf-8", newline="") as file:
        return [float(row["val/dice"]) for row in csv.DictReader(file) if row.get("val/dice")][-1]


def summarize(results: dict[str, dict[int, float]]) -> dict[str, Any]:
    """Return the mean Dice of each arm, and its difference to the reference for each seed that both have."""
    reference = results.get(REFERENCE, {})
    return {
        arm: {
            "dice": round(float(np.mean(list(dice.values()))), 2),
            "seeds": {str(seed): round(value, 2) for seed, value in dice.items()},
            "differences": [round(dice[seed] - reference[seed], 2) + 0.0 for seed in dice if seed in reference],
        }
        for arm, dice in results.items()
        if dice
    }

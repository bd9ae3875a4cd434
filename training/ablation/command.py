"""The command that trains the arms of a study with several seeds, and compares them seed by seed."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from CausalCLIPSegLib.atomic_files import write_text
from CausalCLIPSegLib.cli.console import out
from CausalCLIPSegLib.errors import CausalCLIPSegError
from training.ablation.studies import STUDIES, Study, StudyName
from training.ablation.summary import Result, summarize
from training.options import JsonOption

CONFIGS = Path(__file__).parents[1] / "configs"


def ablate(
    data: Annotated[Path, typer.Option(help="Folder of the data set.")],
    output: Annotated[Path, typer.Option(help="Folder of the runs; those that are finished are not repeated.")],
    study: Annotated[
        StudyName, typer.Option(help="What is compared: parts of RecLMIS, or of the referring recipe.")
    ] = "reclmis",
    seeds: Annotated[int, typer.Option(min=1, help="Number of seeds of each arm.")] = 3,
    arms: Annotated[str, typer.Option(help="Only these arms, separated by semicolons.")] = "",
    limit: Annotated[
        int, typer.Option(min=1, help="Radiographs of validation on which the referring measures are taken.")
    ] = 200,
    options: Annotated[str, typer.Option(help="Further options of `fit` for all runs, separated by blanks.")] = "",
    json_file: JsonOption = None,
) -> None:
    """Train each arm of an ablation with several seeds, and compare them seed by seed."""
    chosen_study = STUDIES[study]
    chosen = [each.strip() for each in arms.split(";") if each.strip()] or list(chosen_study.arms)
    if unknown := [arm for arm in chosen if arm not in chosen_study.arms]:
        raise CausalCLIPSegError(f"There is no arm “{unknown[0]}”; the arms are: {'; '.join(chosen_study.arms)}.")
    runs = Runs(chosen_study, data, output, limit, options.split())
    results: dict[str, dict[int, Result]] = {arm: {} for arm in chosen}
    for seed in range(1, seeds + 1):  # all arms of a seed before the next one, so that a part can be compared
        for arm in chosen:
            results[arm][seed] = runs.result(arm, seed)
            out.print(f"seed {seed}, {arm}: Dice {results[arm][seed].dice:.2f}")
            if json_file is not None:
                write_text(json_file, json.dumps(summarize(results, chosen_study.reference), indent=2) + "\n")
    for arm, row in summarize(results, chosen_study.reference).items():
        differences = " ".join(f"{value:+.2f}" for value in row["differences"])
        difference = f"difference to {chosen_study.reference} per seed: {differences or 'not measured'}"
        out.print(f"{arm}: {row['dice']:.2f}; {difference}")


@dataclass(frozen=True)
class Runs:
    """The runs of a study in a folder.

    Attributes:
        study: the study.
        data: the folder of the data set.
        output: the folder of the runs.
        limit: radiographs of validation on which the referring measures are taken.
        options: further options of `fit`.
    """

    study: Study
    data: Path
    output: Path
    limit: int
    options: list[str] = field(default_factory=list)

    def result(self, arm: str, seed: int) -> Result:
        """Train one arm with one seed, or continue it where it was stopped, measure it, and return the result.

        Raises:
            CausalCLIPSegError: the training failed.
        """
        folder = self.output / re.sub(r"[^a-z]+", "_", arm.lower()) / f"seed_{seed}"
        path = folder / "dice.json"
        finished: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {"arm": arm, "seed": seed}
        if "dice" not in finished:
            self._train(arm, seed, folder)
            finished["dice"] = read_dice(folder / "run" / "metrics.csv")
            write_text(path, json.dumps(finished) + "\n")
        if self.study.refers and finished.get("radiographs") != self.limit:
            from training.ablation.measures import measure_run  # loads PyTorch

            finished["measures"] = measure_run(folder / "run", self.data, self.limit)
            finished["radiographs"] = self.limit
            write_text(path, json.dumps(finished, indent=2) + "\n")
        return Result(float(finished["dice"]), finished.get("measures", {}))

    def _train(self, arm: str, seed: int, folder: Path) -> None:
        settings = {
            "seed_everything": str(seed),
            "data.data": str(self.data),
            "trainer.logger.init_args.save_dir": str(folder.parent),
            "trainer.logger.init_args.name": folder.name,
            "trainer.logger.init_args.version": "run",
            **self.study.arms[arm],
        }
        last = folder / "run" / "checkpoints" / "last.ckpt"
        if last.is_file():
            settings["ckpt_path"] = str(last)
        command = [sys.executable, "-m", "training", "fit"]
        command += [word for name in self.study.configs for word in ("--config", str(CONFIGS / name))]
        command += [word for name, value in settings.items() for word in (f"--{name}", value)]
        if subprocess.run([*command, *self.options], check=False).returncode:
            raise CausalCLIPSegError(f"The run “{arm}” with seed {seed} failed; repeat the command to continue.")


def read_dice(table: Path) -> float:
    """Return the last validation Dice in metrics.csv, in percent."""
    with table.open(encoding="utf-8", newline="") as file:
        return [float(row["val/dice"]) for row in csv.DictReader(file) if row.get("val/dice")][-1]

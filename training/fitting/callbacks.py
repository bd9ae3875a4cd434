"""Draw the progress of a run: the same validation radiographs after every epoch, and the learning curves."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning import Callback, LightningModule, Trainer
from lightning.pytorch.loggers import CSVLogger
from lightning.pytorch.utilities import rank_zero_only

from training.evaluation.contact_sheet import Tile, draw_sheet
from training.figures import write_figure
from training.overlap import count_pixels, dice


class PictureSheet(Callback):
    """After every epoch, draw the same validation radiographs, spread over the split, into pictures/epoch_NNN.png."""

    def __init__(self, films: int = 8) -> None:
        """Choose the number of radiographs.

        Args:
            films: number of radiographs; 0 draws nothing. Configuration files use this name.
        """
        self.films = films

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write the sheet into the folder of the run."""
        if trainer.sanity_checking or trainer.datamodule is None or self.films < 1:  # type: ignore[attr-defined]
            return
        # Every process must ask for log_dir, because it is broadcast from the first one.
        folder = trainer.log_dir or trainer.default_root_dir
        if not trainer.is_global_zero:
            return
        dataset = trainer.datamodule.dataset("val")  # type: ignore[attr-defined]
        indices = np.linspace(0, len(dataset) - 1, min(self.films, len(dataset))).astype(int)
        tiles = [self._tile(pl_module, dataset, int(index)) for index in indices]
        path = Path(folder) / "pictures" / f"epoch_{trainer.current_epoch:03}.png"
        draw_sheet(tiles, path, f"validation after epoch {trainer.current_epoch}")

    @staticmethod
    @torch.inference_mode()
    def _tile(module: LightningModule, dataset: Any, index: int) -> Tile:
        image, mask, tokens = (tensor[None].to(module.device) for tensor in dataset[index])
        probability = module.predict_probability(image, tokens)  # type: ignore[operator]
        pixels, truth, predicted = (tensor[0, 0].cpu().numpy() for tensor in (image, mask > 0.5, probability > 0.5))
        percent = 100 * float(dice(*count_pixels(predicted, truth)))
        return Tile(pixels, truth, predicted, f"{dataset.samples[index].name}\nDice {percent:.1f}")


class LearningCurves(Callback):
    """After every epoch, draw the curves of the run's metrics.csv into curves.png beside it."""

    @rank_zero_only
    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Draw all metrics logged so far."""
        for logger in trainer.loggers:
            if isinstance(logger, CSVLogger):
                logger.save()
                table = Path(logger.log_dir) / "metrics.csv"
                if table.is_file():
                    draw_curves(table, table.with_name("curves.png"))


_CONFOUNDER = "loss/confounder"
"""Drawn in a separate panel, because the adversarial game raises it to ten times the other losses."""


def read_curves(table: Path) -> dict[str, tuple[list[float], list[float]]]:
    """Return the steps and values of each column of metrics.csv, by its name."""
    curves: dict[str, tuple[list[float], list[float]]] = {}
    with table.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            for name, value in row.items():
                if name not in ("step", "epoch") and value:
                    steps, values = curves.setdefault(name, ([], []))
                    steps.append(float(row["step"]))
                    values.append(float(value))
    return curves


def draw_curves(table: Path, picture: Path) -> None:
    """Draw losses, validation metrics and learning rates over the steps, one panel below the other.

    Raises:
        OutputError: the picture cannot be written.
    """
    from matplotlib.figure import Figure

    curves = read_curves(table)
    panels = {
        "loss": [name for name in curves if name.startswith("loss") and name != _CONFOUNDER],
        "loss of the confounder": [name for name in curves if name == _CONFOUNDER],
        "validation, %": [name for name in curves if name.startswith("val/")],
        "learning rate": [name for name in curves if name.startswith("lr")],
    }
    panels = {title: names for title, names in panels.items() if names}
    if not panels:
        return
    figure = Figure(figsize=(8, 3 * len(panels)), layout="constrained")
    all_axes = figure.subplots(len(panels), 1, squeeze=False)[:, 0]
    for axes, (title, names) in zip(all_axes, panels.items(), strict=True):
        for name in names:
            axes.plot(*curves[name], label=name, marker="." if len(curves[name][0]) < 50 else None)
        axes.set_ylabel(title)
        axes.set_xlabel("step")
        axes.legend(fontsize=7)
        axes.grid(alpha=0.3)
    write_figure(figure, picture)

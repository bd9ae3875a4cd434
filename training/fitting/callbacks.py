"""Pictures of a run that people can watch: fixed validation films after every epoch, and the learning curves."""

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


class PictureSheet(Callback):
    """After every epoch a sheet of the same validation films, spread over the split: pictures/epoch_000.png and on."""

    def __init__(self, films: int = 8) -> None:
        """Choose how many films are shown."""
        self.films = films

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Draw the sheet into the folder of the run."""
        if trainer.sanity_checking or trainer.datamodule is None or self.films < 1:  # type: ignore[attr-defined]
            return
        folder = trainer.log_dir or trainer.default_root_dir  # a broadcast: all processes wait for one another here
        if not trainer.is_global_zero:
            return
        films = trainer.datamodule.dataset("val")  # type: ignore[attr-defined]
        chosen = np.linspace(0, len(films) - 1, min(self.films, len(films))).astype(int)
        tiles = [self._tile(pl_module, films, int(index)) for index in chosen]
        path = Path(folder) / "pictures" / f"epoch_{trainer.current_epoch:03}.png"
        draw_sheet(tiles, path, f"validation after epoch {trainer.current_epoch}")

    @staticmethod
    @torch.inference_mode()
    def _tile(module: LightningModule, films: Any, index: int) -> Tile:
        image, mask, tokens = (tensor[None].to(module.device) for tensor in films[index])
        network: Any = module.network
        logits = network(image, network.encode_text(tokens), confounder=False).logits
        film, truth, predicted = (value[0, 0].float().cpu().numpy() for value in (image, mask, (logits > 0).float()))
        both = (truth * predicted).sum()
        dice = 2 * both / max(truth.sum() + predicted.sum(), 1)
        return Tile(film, truth > 0.5, predicted > 0.5, f"{films.samples[index].name}\nDice {100 * dice:.1f}")


class LearningCurves(Callback):
    """After every epoch the curves of the run's metrics.csv, as curves.png beside it."""

    @rank_zero_only
    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Draw what has been logged so far."""
        for logger in trainer.loggers:
            if isinstance(logger, CSVLogger):
                logger.save()
                table = Path(logger.log_dir) / "metrics.csv"
                if table.is_file():
                    draw_curves(table, table.with_name("curves.png"))


_CONFOUNDER = "loss/confounder"
"""Grows tenfold above the others in the game against it, so it has a panel of its own."""


def read_curves(table: Path) -> dict[str, tuple[list[float], list[float]]]:
    """Return for each column of a metrics.csv its steps and values."""
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
    """Draw loss, figures on validation and learning rates over the steps, one below the other."""
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
    for place, (title, names) in zip(
        figure.subplots(len(panels), 1, squeeze=False)[:, 0], panels.items(), strict=True
    ):
        for name in names:
            place.plot(*curves[name], label=name, marker="." if len(curves[name][0]) < 50 else None)
        place.set_ylabel(title)
        place.set_xlabel("step")
        place.legend(fontsize=7)
        place.grid(alpha=0.3)
    write_figure(figure, picture)

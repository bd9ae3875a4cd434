"""Train a configuration for some minutes on one device, from packed data; a stopped run continues."""

from __future__ import annotations

import json
import math
import time
import warnings
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from CausalCLIPSegLib.atomic_files import write_file, write_text
from CausalCLIPSegLib.errors import CausalCLIPSegError
from CausalCLIPSegLib.network.architectures import parts_of
from training.augmentation.images import RANGES
from training.data.sample import Split
from training.fitting.cli import TrainingCLI
from training.fitting.lightning_module import NetworkTraining
from training.fitting.metrics import OverlapMetrics
from training.fitting.optimizer import parameter_groups
from training.gpu.average import WeightAverage
from training.gpu.batches import DeviceData, QuestionDrawer, ahead
from training.gpu.pack import PackedSplit

VALIDATION_BATCH = 64
_LOWEST_WARMUP = 0.05


@dataclass(frozen=True)
class Budget:
    """When a run ends, and how often it is saved.

    Attributes:
        minutes: of training, over all parts of a run; the learning rate follows a cosine over this time.
        steps: ends the run after this many steps instead; None for the minutes.
        seconds_between_checkpoints: how often the run is saved.
        bfloat16: compute in bfloat16 where PyTorch's autocast does.
    """

    minutes: float
    steps: int | None = None
    seconds_between_checkpoints: float = 60.0
    bfloat16: bool = True


@dataclass
class Run:
    """A run in training; `state` and `load` save and restore it.

    Attributes:
        module: network and objective.
        optimizer: AdamW.
        averaged: the moving average of the network's weights; None if the configuration averages none.
        step: steps so far.
        seconds: of training so far.
        rates: the learning rate of each parameter group before the schedule.
    """

    module: NetworkTraining
    optimizer: torch.optim.Optimizer
    averaged: WeightAverage | None
    step: int = 0
    seconds: float = 0.0
    rates: list[float] = field(default_factory=list)

    @property
    def network(self) -> Any:
        """The network to measure and to export."""
        return self.module.network if self.averaged is None else self.averaged.network

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint holds; `python -m training export --run` reads it."""
        return {
            "state_dict": {f"network.{name}": value for name, value in self.network.state_dict().items()},
            "current_model_state": self.module.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "averaged": 0 if self.averaged is None else self.averaged.updates,
            "step": self.step,
            "seconds": self.seconds,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Continue from a checkpoint."""
        self.module.load_state_dict(state["current_model_state"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.seconds = state["step"], state["seconds"]
        if self.averaged is not None:
            prefix = len("network.")
            self.averaged.network.load_state_dict({name[prefix:]: each for name, each in state["state_dict"].items()})
            self.averaged.updates = state["averaged"]


def read_configuration(arguments: list[str], seed: int) -> TrainingCLI:
    """Return network, objective and data settings of a configuration.

    Args:
        arguments: those of `fit`: --config FILE, and options over it.
        seed: random seed.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "LightningCLI's args parameter")  # this process has other arguments, too
        return TrainingCLI([*arguments, "--seed_everything", str(seed), "--data.data", "packed"], run=False)


def train(
    cli: TrainingCLI, packed: dict[Split, PackedSplit], folder: Path, budget: Budget, device: torch.device
) -> dict[str, float]:
    """Train one seed, or continue it, and return the metrics of the validation split.

    Args:
        cli: the configuration, see `read_configuration`.
        packed: the training and the validation split.
        folder: receives config.yaml, checkpoints/last.ckpt and metrics.json.
        budget: when the run ends.
        device: of the training.
    """
    last = folder / "checkpoints" / "last.ckpt"
    last.parent.mkdir(parents=True, exist_ok=True)
    write_text(folder / "config.yaml", cli.parser.dump(cli.config, skip_check=True))
    run = _start(cli, device)
    if last.is_file():
        run.load(torch.load(last, map_location="cpu", weights_only=True))
    cli.datamodule.image_size = run.module.network.configuration.image_size
    cli.datamodule.context_length = run.module.network.configuration.text.context_length
    if not _is_over(run, budget):
        _fit(run, cli, packed["train"], budget, last)
    metrics = validate(run, cli.datamodule.unchanged(*packed["val"]), device)
    metrics |= {"steps": run.step, "seconds": round(run.seconds, 1)}
    write_text(folder / "metrics.json", json.dumps(metrics, indent=2) + "\n")
    return metrics


def _start(cli: TrainingCLI, device: torch.device) -> Run:
    module: NetworkTraining = cli.model.to(device)
    rates = (module.learning_rate, module.encoder_learning_rate, module.text_learning_rate)
    groups = parameter_groups(module.network, *rates, module.layer_decay, module.objective.parameters())
    optimizer = torch.optim.AdamW(groups, weight_decay=module.weight_decay, fused=device.type == "cuda")
    decay = _decay_of(cli)
    averaged = None if decay is None else WeightAverage(module.network, decay)
    return Run(module, optimizer, averaged, rates=[group["lr"] for group in optimizer.param_groups])


def _decay_of(cli: TrainingCLI) -> float | None:
    """Return the decay of the averaged weights in the configuration's callbacks; None if it averages none."""
    for callback in cli.config.trainer.callbacks or []:
        if callback.class_path.endswith("EMAWeightAveraging"):
            return float(callback.init_args.decay)
    return None


def _fit(run: Run, cli: TrainingCLI, split: PackedSplit, budget: Budget, last: Path) -> None:
    """Train until the budget is spent, and save the run from time to time and at the end.

    Raises:
        CausalCLIPSegError: the loss is not finite when the run is to be saved.
    """
    module, device, datamodule = run.module, next(run.module.parameters()).device, cli.datamodule
    dataset = datamodule.augmented(*split)
    ranges = RANGES[datamodule.augmentation]
    drawer = QuestionDrawer(dataset, datamodule.batch_size, datamodule.seed, ranges is not None)
    data = DeviceData(dataset, device)
    generator = torch.Generator(device)
    clip = cli.config.trainer.gradient_clip_val
    module.train()
    start = saved = time.monotonic()
    before = run.seconds
    with closing(ahead(drawer.draw, run.step)) as questions:
        for drawn in questions:
            generator.manual_seed(hash((datamodule.seed, run.step)))
            torch.manual_seed(hash((datamodule.seed, run.step)))  # for stochastic depth and masked reconstruction
            factor = _rate(run, budget, module.warmup_steps)
            for group, rate in zip(run.optimizer.param_groups, run.rates, strict=True):
                group["lr"] = rate * factor
            batch = data.batch(drawn, ranges, generator)  # outside of autocast, which would round places of pixels
            with torch.autocast(device.type, torch.bfloat16, enabled=budget.bfloat16):
                loss: Tensor = module.loss(batch).total
            run.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            if clip:
                torch.nn.utils.clip_grad_norm_(module.parameters(), clip)
            run.optimizer.step()
            if run.averaged is not None:
                run.averaged.update()
            run.step += 1
            now = time.monotonic()
            run.seconds = before + now - start
            over = _is_over(run, budget)
            if over or now - saved >= budget.seconds_between_checkpoints:
                if not torch.isfinite(loss):  # asked only here, because the CPU has to wait for the answer
                    raise CausalCLIPSegError(
                        f"The loss is not finite after step {run.step}, so it is not saved. Use a smaller "
                        "--model.learning_rate or --no-bfloat16; an earlier checkpoint continues."
                    )
                write_file(last, partial(torch.save, run.state()), force=True)
                saved = now
            if over:
                return


def _is_over(run: Run, budget: Budget) -> bool:
    return _progress(run, budget) >= 1


def _progress(run: Run, budget: Budget) -> float:
    """Return the share of the budget that is spent."""
    return run.seconds / (60 * budget.minutes) if budget.steps is None else run.step / budget.steps


def _rate(run: Run, budget: Budget, warmup_steps: int) -> float:
    """Return the factor on the learning rates: a linear warm-up over steps, and a cosine over the budget."""
    warmup = min(1.0, _LOWEST_WARMUP + (1 - _LOWEST_WARMUP) * run.step / warmup_steps) if warmup_steps else 1.0
    return warmup * (1 + math.cos(math.pi * min(_progress(run, budget), 1))) / 2


@torch.inference_mode()
def validate(run: Run, dataset: Any, device: torch.device) -> dict[str, float]:
    """Return dice, miou and dice_global of the averaged weights with the own notes, at a threshold of 0.5."""
    network = run.network.eval()
    parts, overlap = parts_of(network), OverlapMetrics().to(device)
    for start in range(0, len(dataset), VALIDATION_BATCH):
        rows = [dataset[index] for index in range(start, min(start + VALIDATION_BATCH, len(dataset)))]
        image, mask, tokens = (torch.stack(column).to(device) for column in zip(*rows, strict=True))
        overlap.update(parts.predict(image, tokens)["probability"].float() > 0.5, mask > 0.5)
    return {name: round(float(value), 2) for name, value in overlap.compute().items()}

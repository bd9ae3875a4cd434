"""Set up Lightning's command line for this project's network and data."""

from __future__ import annotations

from typing import Any

from lightning.pytorch.cli import LightningArgumentParser, LightningCLI

from training.data.datamodule import ReferringDataModule
from training.fitting.allocator import keep_freed_memory
from training.fitting.lightning_module import NetworkTraining


class TrainingCLI(LightningCLI):
    """`fit` and `validate` from configuration files, with one seed for weights, order and augmentation."""

    def __init__(self, arguments: list[str] | None = None, **keywords: Any) -> None:
        """Parse the arguments and run.

        Args:
            arguments: command-line arguments; None for those of this process.
            keywords: see `LightningCLI`.
        """
        keep_freed_memory()
        super().__init__(
            NetworkTraining, ReferringDataModule, save_config_kwargs={"overwrite": True}, args=arguments, **keywords
        )

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Make `seed_everything` also seed the data."""
        parser.link_arguments("seed_everything", "data.seed", compute_fn=_seed_number)


def _seed_number(seed: int | bool) -> int:
    """Return the seed as a number; true, which makes Lightning draw a seed, gives 0."""
    return 0 if isinstance(seed, bool) else seed

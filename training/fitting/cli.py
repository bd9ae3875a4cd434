"""Lightning's command line for this project's module and data."""

from __future__ import annotations

from typing import Any

from lightning.pytorch.cli import LightningArgumentParser, LightningCLI

from training.data.datamodule import ReferringDataModule
from training.fitting.lightning_module import CausalTraining


class TrainingCLI(LightningCLI):
    """`fit` and `validate` by configuration files; one seed for weights, order and augmentation."""

    def __init__(self, arguments: list[str] | None = None, **keywords: Any) -> None:
        """Parse and run.

        Args:
            arguments: those of the command line; None: of this process.
            keywords: see `LightningCLI`.
        """
        super().__init__(
            CausalTraining, ReferringDataModule, save_config_kwargs={"overwrite": True}, args=arguments, **keywords
        )

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Give the data the seed of everything."""
        parser.link_arguments("seed_everything", "data.seed", compute_fn=_number)


def _number(seed: int | bool) -> int:
    """Return a seed as a number: Lightning takes true for one that it draws itself."""
    return 0 if isinstance(seed, bool) else seed

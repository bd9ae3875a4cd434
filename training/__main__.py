"""`python -m training fit --config F`."""

from __future__ import annotations

from lightning.pytorch.cli import LightningCLI

from training.datamodule import ReferringDataModule
from training.module import CausalTraining

if __name__ == "__main__":
    LightningCLI(CausalTraining, ReferringDataModule, save_config_kwargs={"overwrite": True})

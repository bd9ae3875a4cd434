"""A short fit on this process's share of the data; `torchrun` runs this file in test_distributed.py."""

import sys

import torch
from lightning import Trainer, seed_everything

from CausalCLIPSegLib.network.configuration import NetworkConfiguration
from training.data.datamodule import ReferringDataModule
from training.fitting.lightning_module import NetworkTraining


def fit(network: NetworkConfiguration, data: str, batch_size: int, devices: int) -> NetworkTraining:
    """Return the module after one epoch with batches of `batch_size` per process."""
    torch.set_num_threads(1)
    seed_everything(2, verbose=False)
    module = NetworkTraining(
        network.model_dump(mode="json"), learning_rate=1e-3, dice_weight=1.0, fixed_batch_norm=True
    )
    datamodule = ReferringDataModule(data, batch_size=batch_size, workers=0, seed=2)
    trainer = Trainer(
        max_epochs=1,
        accelerator="cpu",
        devices=devices,
        strategy="ddp" if devices > 1 else "auto",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        limit_val_batches=0,
        gradient_clip_val=1.0,
        precision="64-true",  # Adam turns gradients that are only rounding errors into full steps
    )
    trainer.fit(module, datamodule)
    return module


if __name__ == "__main__":
    data, configuration, result = sys.argv[1:]
    trained = fit(NetworkConfiguration.model_validate_json(configuration), data, 2, 2)
    if trained.global_rank == 0:
        torch.save(trained.network.state_dict(), result)

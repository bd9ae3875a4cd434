"""One epoch on real radiographs lowers the loss; needs the data set."""

import csv
from pathlib import Path

import pytest
from lightning import Trainer, seed_everything
from lightning.pytorch.loggers import CSVLogger

from training.data.datamodule import ReferringDataModule
from training.fitting.lightning_module import NetworkTraining


@pytest.mark.parametrize("intervention", [True, False])
def test_one_epoch_on_32_radiographs_lowers_the_loss(tmp_path, tiny_network, qata: Path, intervention):
    seed_everything(0, verbose=False)
    module = NetworkTraining(
        tiny_network.model_dump(mode="json"), causal_intervention=intervention, dice_weight=1.0, learning_rate=3e-3
    )
    data = ReferringDataModule(str(qata), batch_size=2, workers=0, limit=32, augmentation="none", note_variation=0)
    trainer = Trainer(
        max_epochs=1,
        accelerator="cpu",
        logger=CSVLogger(tmp_path, name="", version=""),
        log_every_n_steps=1,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        limit_val_batches=0,
    )
    trainer.fit(module, data)
    trainer.logger.save()
    with (tmp_path / "metrics.csv").open() as file:
        losses = [float(row["loss"]) for row in csv.DictReader(file) if row["loss"]]
    assert len(losses) == 16
    assert sum(losses[-4:]) < 0.9 * sum(losses[:4])

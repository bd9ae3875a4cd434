"""A run gives the same weights if it is resumed, and with any number of worker processes."""

from pathlib import Path

import pytest
import torch
from lightning import Callback, Trainer, seed_everything
from lightning.pytorch.callbacks import EMAWeightAveraging

from training.data.datamodule import ReferringDataModule
from training.fitting.lightning_module import NetworkTraining


class StopAfterFirst(Callback):
    """Stop after the first epoch, as if the machine had shut down."""

    def on_train_epoch_end(self, trainer, module):
        if trainer.current_epoch == 0:
            trainer.save_checkpoint(Path(trainer.default_root_dir) / "stopped.ckpt")
            trainer.should_stop = True


def fit(
    network, data: Path, folder: Path, *, stop: bool = False, resume: Path | None = None, workers: int = 0, **options
):
    seed_everything(4, verbose=False)
    module = NetworkTraining(network.model_dump(mode="json"), learning_rate=1e-3, dice_weight=1.0, warmup_steps=1)
    datamodule = ReferringDataModule(str(data), batch_size=4, workers=workers, seed=4, note_dropout=0.2)
    trainer = Trainer(
        max_epochs=2,
        accelerator="cpu",
        logger=False,
        default_root_dir=folder,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        limit_val_batches=1,
        callbacks=[EMAWeightAveraging(decay=0.9), *([StopAfterFirst()] if stop else [])],
        **options,
    )
    trainer.fit(module, datamodule, ckpt_path=resume)
    return module


def have_equal_weights(*modules) -> bool:
    first, second = (module.state_dict().values() for module in modules)
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.fixture
def uninterrupted(tmp_path, tiny_network, lvit_folder):
    return fit(tiny_network, lvit_folder, tmp_path / "whole")


def test_resumed_run_ends_with_the_weights_of_an_uninterrupted_run(tmp_path, tiny_network, lvit_folder, uninterrupted):
    stopped = fit(tiny_network, lvit_folder, tmp_path / "part", stop=True)
    assert not have_equal_weights(stopped, uninterrupted)
    resumed = fit(tiny_network, lvit_folder, tmp_path / "part", resume=tmp_path / "part" / "stopped.ckpt")
    assert have_equal_weights(resumed, uninterrupted)


def test_worker_processes_do_not_change_the_weights(tmp_path, tiny_network, lvit_folder, uninterrupted):
    assert have_equal_weights(fit(tiny_network, lvit_folder, tmp_path / "workers", workers=2), uninterrupted)


def test_bfloat16_with_gradient_clipping_ends_near_full_precision(tmp_path, tiny_network, lvit_folder, uninterrupted):
    half = fit(tiny_network, lvit_folder, tmp_path / "half", precision="bf16-mixed", gradient_clip_val=1.0)
    assert {parameter.dtype for parameter in half.parameters()} == {torch.float32}
    half_weights, full_weights = (
        torch.cat([parameter.detach().flatten() for parameter in module.network.parameters()])
        for module in (half, uninterrupted)
    )
    assert not torch.equal(half_weights, full_weights)
    assert torch.nn.functional.cosine_similarity(half_weights, full_weights, dim=0) > 0.99


def test_seed_and_epoch_determine_the_order(lvit_folder):
    from training.data.sampler import SeededSampler

    data = ReferringDataModule(str(lvit_folder)).dataset("train")
    orders = [list(SeededSampler(data, seed)) for seed in (0, 0, 1)]
    assert orders[0] == orders[1] != orders[2]
    sampler = SeededSampler(data, 0)
    sampler.set_epoch(1)
    later = list(sampler)
    assert later != orders[0]
    assert sorted(index for index, _ in later) == list(range(8))
    assert not {seed for _, seed in later} & {seed for _, seed in orders[0]}


def test_processes_split_the_data_between_them(lvit_folder):
    from training.data.sampler import SeededSampler

    data = ReferringDataModule(str(lvit_folder)).dataset("train")
    shares = [list(SeededSampler(data, 0, replicas=2, rank=rank)) for rank in (0, 1)]
    assert sorted(shares[0] + shares[1]) == sorted(SeededSampler(data, 0))

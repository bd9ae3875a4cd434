"""The network as a Lightning module: the training step, the optimizer, and the validation metrics."""

from __future__ import annotations

import os
from typing import Any, Literal

import torch
from lightning import LightningModule
from torch import Tensor
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR

from CausalCLIPSegLib.network.causalclipseg import CausalCLIPSeg
from CausalCLIPSegLib.network.configuration import NetworkConfiguration
from training.data.datamodule import Batch
from training.fitting.gradient_checkpointing import checkpoint_gradients
from training.fitting.loss import CausalObjective
from training.fitting.metrics import OverlapMetrics
from training.fitting.optimizer import parameter_groups
from training.fitting.pretrained import load_clip, load_imagenet_lite0, load_start
from training.fitting.stochastic_depth import skip_blocks


def configure(network: dict[str, Any], causal_intervention: bool | None = None) -> NetworkConfiguration:
    """Return the configuration of a network from its fields; `causal_intervention` overrides that field if given."""
    switch = {} if causal_intervention is None else {"causal_intervention": causal_intervention}
    return NetworkConfiguration.model_validate({**network, **switch})


class CausalTraining(LightningModule):
    """Minimize the causal objective with Adam and a cosine schedule."""

    def __init__(
        self,
        network: dict[str, Any],
        causal_intervention: bool | None = None,
        initialisation: Literal["random", "imagenet", "clip"] = "random",
        clip: str = "openai",
        clip_sha256: str | None = None,
        continue_from: str | None = None,
        adversarial_weight: float = 0.05,
        confounder_ceiling: float | None = None,
        dice_weight: float = 0.0,
        dice_smooth: float = 1.0,
        learning_rate: float = 3e-5,
        encoder_learning_rate: float | None = None,
        text_learning_rate: float | None = None,
        layer_decay: float = 1.0,
        weight_decay: float = 0.0,
        warmup_steps: int = 0,
        frozen: tuple[str, ...] = (),
        fixed_batch_norm: bool | Literal["frozen"] = False,
        drop_path: float = 0.0,
        gradient_checkpointing: bool = False,
        compile_backend: str | None = None,
    ) -> None:
        """Choose network, objective and optimizer; the defaults are the paper's.

        Args:
            network: the fields of a `NetworkConfiguration`.
            causal_intervention: overrides the field of this name in `network`, for ablations; None keeps the field.
            initialisation: pretrained weights to start from: "imagenet" for the vision encoder, "clip" for both
                encoders.
            clip: weights for "clip": "openai" for OpenAI's RN101, or a file with the same names and sizes.
            clip_sha256: what the hash of that file must begin with; not needed for "openai".
            continue_from: start the whole network from an earlier run's .ckpt file (the weights before averaging, if
                the run averaged them), or from the name or folder of a checkpoint with a card.
            adversarial_weight: lambda of Eq. 3.
            confounder_ceiling: see `CausalObjective`.
            dice_weight, dice_smooth: see `CausalObjective`.
            learning_rate: learning rate at the start of the cosine schedule.
            encoder_learning_rate: learning rate of the vision encoder; None for `learning_rate`.
            text_learning_rate: learning rate of the text encoder; None for `learning_rate`.
            layer_decay: factor on the learning rate from each stage of the vision encoder to the stage before it.
            weight_decay: decoupled, as in AdamW; 0 makes it Adam.
            warmup_steps: steps of a linear warm-up before the cosine.
            frozen: prefixes of the names of parameters that are not trained.
            fixed_batch_norm: keep the initial statistics of batch norms, for small batches per device; "frozen": only
                of those with `frozen` parameters.
            drop_path: probability of skipping the vision encoder's last block, see `skip_blocks`.
            gradient_checkpointing: save memory by computing blocks of the encoders twice, see `checkpoint_gradients`.
            compile_backend: a backend of torch.compile, for instance "inductor"; None for eager mode.
        """
        super().__init__()
        self.network = CausalCLIPSeg(configure(network, causal_intervention))
        if initialisation == "imagenet":
            load_imagenet_lite0(self.network)
        elif initialisation == "clip":
            load_clip(self.network, clip, clip_sha256)
        if continue_from is not None:
            load_start(self.network, continue_from)
        for name, parameter in self.network.named_parameters():
            parameter.requires_grad_(not name.startswith(tuple(frozen)))
        self.network.to(memory_format=torch.channels_last)
        self.objective = CausalObjective(adversarial_weight, confounder_ceiling, dice_weight, dice_smooth)
        self.learning_rate = learning_rate
        self.encoder_learning_rate = learning_rate if encoder_learning_rate is None else encoder_learning_rate
        self.text_learning_rate = learning_rate if text_learning_rate is None else text_learning_rate
        self.layer_decay = layer_decay
        self.weight_decay = weight_decay
        self.warmup_steps = warmup_steps
        self.fixed_batch_norm = fixed_batch_norm
        self.drop_path = drop_path
        if drop_path:
            skip_blocks(self.network, drop_path)
        if gradient_checkpointing:
            checkpoint_gradients(self.network)
        if compile_backend is not None:
            # Training freezes no constants; inductor's fusion of frozen ones gives wrong results from the second call.
            self.network.compile(backend=compile_backend)
        self.overlap = OverlapMetrics()
        self.train()  # Lightning does not change the mode of the modules when a fit starts

    def train(self, mode: bool = True) -> CausalTraining:
        """Set training or evaluation mode; fixed batch norms always stay in evaluation mode."""
        super().train(mode)
        for module in self.network.modules():
            if isinstance(module, torch.nn.BatchNorm2d) and self._is_fixed(module):
                module.eval()
        return self

    def _is_fixed(self, norm: torch.nn.BatchNorm2d) -> bool:
        if self.fixed_batch_norm == "frozen":
            return norm.affine and not norm.weight.requires_grad
        return self.fixed_batch_norm

    def on_train_epoch_start(self) -> None:
        """Seed stochastic depth, so that a resumed run draws the same numbers as an uninterrupted run."""
        if self.drop_path:
            seed = int(os.environ.get("PL_GLOBAL_SEED", 0))
            torch.manual_seed(hash((seed, self.current_epoch, self.global_rank)))

    def training_step(self, batch: Batch, index: int) -> Tensor:
        """Return the loss of a batch, and log it with its terms."""
        image, masks, tokens, *weights = batch
        text = self.network.encode_text(tokens.view(-1, self.network.configuration.text.context_length))
        output = self.network(image, text, confounder=self.objective.adversarial_weight != 0)
        loss = self.objective(output, *(maps.flatten(0, 1)[:, None] for maps in (masks, *weights)))
        self.log("loss", loss.total, prog_bar=True)
        self.log("loss/causal", loss.causal)
        if loss.confounder is not None:
            self.log("loss/confounder", loss.confounder)
        if loss.dice is not None:
            self.log("loss/dice", loss.dice)
        return loss.total

    def validation_step(self, batch: Batch, index: int) -> None:
        """Add a batch to the metrics."""
        image, mask, tokens, *_ = batch
        output = self.network(image, self.network.encode_text(tokens), confounder=False)
        self.overlap.update(output.logits > 0, mask > 0.5)

    def on_validation_epoch_end(self) -> None:
        """Log the metrics of the whole validation split."""
        for name, value in self.overlap.compute().items():
            self.log(f"val/{name}", value.float(), prog_bar=name == "dice", sync_dist=True)
        self.overlap.reset()

    def configure_optimizers(self) -> Any:
        """Return AdamW, and a learning rate that follows a cosine over all steps after the warm-up."""
        groups = parameter_groups(
            self.network,
            self.learning_rate,
            self.encoder_learning_rate,
            self.text_learning_rate,
            self.layer_decay,
        )
        # Lightning cannot clip gradients in mixed precision for a fused optimizer.
        fused = "mixed" not in self.trainer.precision
        optimizer = torch.optim.AdamW(groups, weight_decay=self.weight_decay, fused=fused)
        steps = int(self.trainer.estimated_stepping_batches)
        schedule: Any = CosineAnnealingLR(optimizer, max(steps - self.warmup_steps, 1))
        if self.warmup_steps:
            warmup = LinearLR(optimizer, 0.05, total_iters=self.warmup_steps)
            schedule = SequentialLR(optimizer, [warmup, schedule], [self.warmup_steps])
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

"""The network as a Lightning module: the training step, the optimizer, and the validation metrics."""

from __future__ import annotations

import os
from typing import Any, Literal

import torch
from lightning import LightningModule
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR

from CausalCLIPSegLib.network.architectures import build_network, parts_of, read_configuration
from CausalCLIPSegLib.network.configuration import NetworkConfiguration
from CausalCLIPSegLib.network.reclmis.configuration import RecLMISConfiguration
from training.data.datamodule import Batch
from training.fitting.gradient_checkpointing import checkpoint_gradients
from training.fitting.loss import CausalObjective, Loss, border_weights
from training.fitting.metrics import OverlapMetrics
from training.fitting.optimizer import parameter_groups
from training.fitting.pretrained import load_clip, load_clip_text, load_encoders, load_imagenet_lite0, load_start
from training.fitting.reclmis.objective import RecLMISObjective, RecLMISSettings
from training.fitting.stochastic_depth import skip_blocks


def configure(
    network: dict[str, Any], causal_intervention: bool | None = None
) -> NetworkConfiguration | RecLMISConfiguration:
    """Return the configuration of a network from its fields; `causal_intervention` overrides that field if given."""
    switch = {} if causal_intervention is None else {"causal_intervention": causal_intervention}
    return read_configuration({**network, **switch})


class NetworkTraining(LightningModule):
    """Minimize the objective of a network's architecture with Adam and a cosine schedule.

    Attributes:
        network: the network, which is exported.
        objective: gives the loss of a batch; its own weights are trained too, but not exported.
    """

    def __init__(
        self,
        network: dict[str, Any],
        causal_intervention: bool | None = None,
        initialisation: Literal["random", "imagenet", "clip", "clip_text"] = "random",
        clip: str = "openai",
        clip_sha256: str | None = None,
        continue_from: str | None = None,
        encoders_from: str | None = None,
        adversarial_weight: float = 0.05,
        confounder_ceiling: float | None = None,
        dice_weight: float = 0.0,
        dice_smooth: float = 1.0,
        dice_squared: bool = False,
        border_weight: float = 0.0,
        reclmis: RecLMISSettings | None = None,
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
        """Choose network, objective and optimizer; the defaults are those of the paper of CausalCLIPSeg.

        Args:
            network: the fields of a network's configuration, see `architectures`; `architecture` is "causalclipseg"
                (the default) or "reclmis".
            causal_intervention: overrides the field of this name in `network`, for ablations; None keeps the field.
            initialisation: pretrained weights to start from: "imagenet" for the vision encoder, "clip" for both
                encoders, "clip_text" for the text encoder.
            clip: weights for "clip" and "clip_text": "openai" for OpenAI's RN101 or, for "clip_text", ViT-B/32; or a
                file with the same names and sizes.
            clip_sha256: what the hash of that file must begin with; not needed for "openai".
            continue_from: start the whole network from an earlier run's .ckpt file (the weights before averaging, if
                the run averaged them), or from the name or folder of a checkpoint with a card.
            encoders_from: start both encoders from the name or folder of a checkpoint with a card, whatever its
                architecture; their sizes must be the same, but the context may differ.
            adversarial_weight: lambda of Eq. 3 of CausalCLIPSeg.
            confounder_ceiling: see `CausalObjective`.
            dice_weight, dice_smooth: see `CausalObjective`.
            dice_squared: see `soft_dice_loss`; only RecLMIS.
            border_weight: what pixels near the border of the target count more in all terms, see `border_weights`.
            reclmis: the terms of the objective of RecLMIS; None for the paper's.
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
        configuration = configure(network, causal_intervention)
        self.network: Any = build_network(configuration)
        if initialisation == "imagenet":
            load_imagenet_lite0(self.network)
        elif initialisation == "clip":
            load_clip(self.network, clip, clip_sha256)
        elif initialisation == "clip_text":
            load_clip_text(self.network, clip, clip_sha256)
        if encoders_from is not None:
            load_encoders(self.network, encoders_from)
        if continue_from is not None:
            load_start(self.network, continue_from)
        for name, parameter in self.network.named_parameters():
            parameter.requires_grad_(not name.startswith(tuple(frozen)))
        self.network.to(memory_format=torch.channels_last)
        self.objective = (
            RecLMISObjective(configuration.channels, reclmis, dice_weight, dice_smooth, dice_squared)
            if isinstance(configuration, RecLMISConfiguration)
            else CausalObjective(adversarial_weight, confounder_ceiling, dice_weight, dice_smooth)
        )
        if not border_weight >= 0:
            raise ValueError(f"border_weight must be at least 0, not {border_weight}")
        self.border_weight = border_weight
        self._parts = [parts_of(self.network)]  # in a list, so that the weights do not count twice
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

    def train(self, mode: bool = True) -> NetworkTraining:
        """Set training or evaluation mode; fixed batch norms always stay in evaluation mode."""
        super().train(mode)
        for module in self.network.modules():
            if isinstance(module, _BatchNorm) and self._is_fixed(module):
                module.eval()
        return self

    def _is_fixed(self, norm: _BatchNorm) -> bool:
        if self.fixed_batch_norm == "frozen":
            return norm.affine and not norm.weight.requires_grad
        return self.fixed_batch_norm

    def on_train_epoch_start(self) -> None:
        """Seed stochastic depth, so that a resumed run draws the same numbers as an uninterrupted run."""
        if self.drop_path:
            seed = int(os.environ.get("PL_GLOBAL_SEED", 0))
            torch.manual_seed(hash((seed, self.current_epoch, self.global_rank)))

    def loss(self, batch: Batch) -> Loss:
        """Return the loss of a batch."""
        image, masks, tokens, *weights = batch
        tokens = tokens.view(-1, self.network.configuration.text.context_length)
        target, *weights = (each.flatten(0, 1)[:, None] for each in (masks, *weights))
        if self.border_weight:
            weights = [border_weights(target, self.border_weight, *weights)]
        return self.objective.step(self.network, image, tokens, target, *weights)

    def training_step(self, batch: Batch, index: int) -> Tensor:
        """Return the loss of a batch, and log it with its terms."""
        loss = self.loss(batch)
        self.log("loss", loss.total, prog_bar=True)
        for name, term in loss.terms.items():
            self.log(f"loss/{name}", term)
        return loss.total

    def predict_probability(self, image: Tensor, tokens: Tensor) -> Tensor:
        """Return probabilities, float32 B x 1 x H x W, of images, B x 1 x H x W, and their tokens, int64 B x L."""
        return self._parts[0].predict(image, tokens)["probability"].float()

    def validation_step(self, batch: Batch, index: int) -> None:
        """Add a batch to the metrics."""
        image, mask, tokens, *_ = batch
        self.overlap.update(self.predict_probability(image, tokens) > 0.5, mask > 0.5)

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
            self.objective.parameters(),
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

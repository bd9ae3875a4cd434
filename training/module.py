"""The network in training: one step, the optimiser, the figures on validation."""

from __future__ import annotations

from typing import Any, Literal

import torch
from lightning import LightningModule
from torch import Tensor
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR

from CausalCLIPSegLib.network.causalclipseg import CausalCLIPSeg
from CausalCLIPSegLib.network.configuration import NetworkConfiguration
from training.initialisation import load_imagenet_lite0, load_run
from training.metrics import OverlapMetrics
from training.objective import CausalObjective


class CausalTraining(LightningModule):
    """Minimise the causal objective by Adam under a cosine schedule."""

    def __init__(
        self,
        network: dict[str, Any],
        initialisation: Literal["random", "imagenet"] = "random",
        continue_from: str | None = None,
        adversarial_weight: float = 0.05,
        confounder_ceiling: float | None = None,
        dice_weight: float = 0.0,
        learning_rate: float = 3e-5,
        encoder_learning_rate: float | None = None,
        weight_decay: float = 0.0,
        warmup_steps: int = 0,
        frozen: tuple[str, ...] = (),
    ) -> None:
        """Choose network, objective and optimiser; the defaults are the paper's.

        Args:
            network: the fields of a `NetworkConfiguration`.
            initialisation: start values of the vision encoder.
            continue_from: a checkpoint of an earlier run, whose weights (not averaged, where both are there) are the
                start values of the whole network.
            adversarial_weight: lambda of Eq. 3.
            confounder_ceiling: see `CausalObjective`.
            dice_weight: see `CausalObjective`.
            learning_rate: at the start of the cosine.
            encoder_learning_rate: for the vision encoder; None: the same.
            weight_decay: decoupled, as in AdamW; 0 is Adam.
            warmup_steps: steps of a linear rise before the cosine.
            frozen: parts of the network, by the beginning of their names, whose weights keep their start values.
        """
        super().__init__()
        self.network = CausalCLIPSeg(NetworkConfiguration.model_validate(network))
        if initialisation == "imagenet":
            load_imagenet_lite0(self.network)
        if continue_from is not None:
            load_run(self.network, continue_from)
        for name, parameter in self.network.named_parameters():
            parameter.requires_grad_(not name.startswith(tuple(frozen)))
        self.network.to(memory_format=torch.channels_last)
        self.objective = CausalObjective(adversarial_weight, confounder_ceiling, dice_weight)
        self.learning_rate = learning_rate
        self.encoder_learning_rate = learning_rate if encoder_learning_rate is None else encoder_learning_rate
        self.weight_decay = weight_decay
        self.warmup_steps = warmup_steps
        self.figures = OverlapMetrics()

    def training_step(self, batch: tuple[Tensor, Tensor, Tensor], index: int) -> Tensor:
        """Return the loss of a batch."""
        image, mask, tokens = batch
        output = self.network(image, self.network.encode_text(tokens))
        loss = self.objective(output, mask)
        self.log("loss", loss.total, prog_bar=True)
        self.log("loss/causal", loss.causal)
        if loss.confounder is not None:
            self.log("loss/confounder", loss.confounder)
        if loss.dice is not None:
            self.log("loss/dice", loss.dice)
        return loss.total

    def validation_step(self, batch: tuple[Tensor, Tensor, Tensor], index: int) -> None:
        """Add a batch to the figures."""
        image, mask, tokens = batch
        output = self.network(image, self.network.encode_text(tokens), confounder=False)
        self.figures.update(output.logits > 0, mask > 0.5)

    def on_validation_epoch_end(self) -> None:
        """Log Dice and mIoU on validation."""
        for name, value in self.figures.compute().items():
            self.log(f"val/{name}", value.float(), prog_bar=name == "dice")
        self.figures.reset()

    def configure_optimizers(self) -> Any:
        """Return AdamW and a cosine over all steps after the warm-up."""
        encoder = list(self.network.vision_encoder.parameters())
        own = {id(parameter) for parameter in encoder}
        rest = [parameter for parameter in self.network.parameters() if id(parameter) not in own]
        optimizer = torch.optim.AdamW(
            [{"params": encoder, "lr": self.encoder_learning_rate}, {"params": rest, "lr": self.learning_rate}],
            weight_decay=self.weight_decay,
            fused=True,
        )
        steps = int(self.trainer.estimated_stepping_batches)
        schedule: Any = CosineAnnealingLR(optimizer, max(steps - self.warmup_steps, 1))
        if self.warmup_steps:
            warmup = LinearLR(optimizer, 0.05, total_iters=self.warmup_steps)
            schedule = SequentialLR(optimizer, [warmup, schedule], [self.warmup_steps])
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

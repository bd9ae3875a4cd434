"""The training objective of RecLMIS (Sec. III-E): segmentation, CVR, CLR and CCL."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, fields

import torch
from torch import Tensor, nn

from CausalCLIPSegLib.network.reclmis.reclmis import Features, Output, RecLMIS
from CausalCLIPSegLib.network.reclmis.words import Words
from training.data.sample import DatasetError
from training.fitting.loss import Loss, cross_entropy, soft_dice_loss
from training.fitting.reclmis.contrastive import contrastive_loss, same_sentences, similarities
from training.fitting.reclmis.masking import draw_masked
from training.fitting.reclmis.reconstruction import Reconstructor, reconstruction_loss


@dataclass(frozen=True)
class RecLMISSettings:
    """The terms of the objective; the defaults are the paper's. A weight of 0 leaves its term out.

    Attributes:
        segmentation_weight: of cross-entropy and Dice together; the paper has 5 * (0.5 Dice + 0.5 cross-entropy).
        language_weight: of L_V2T (CLR).
        vision_weight: of L_T2V (CVR).
        contrastive_weight: of L_CCL.
        language_mask_rate: share of the words that are masked.
        vision_mask_rate: share of the patches that are masked.
        temperature: tau of CCL.
        conditions: use W_poi and W_woi in CVR, CLR and CCL; if false, all places weigh the same and are masked evenly.
        equal_notes_are_positive: in CCL, an image is also paired with sentences of other images that equal its own;
            the paper counts them as negative.
        layers, heads, hidden: of each reconstructor.

    Raises:
        ValueError: a number is outside of its range.
    """

    segmentation_weight: float = 2.5
    language_weight: float = 1.0
    vision_weight: float = 1.0
    contrastive_weight: float = 0.2
    language_mask_rate: float = 0.3
    vision_mask_rate: float = 0.5
    temperature: float = 0.07
    conditions: bool = True
    equal_notes_are_positive: bool = True
    layers: int = 3
    heads: int = 4
    hidden: int = 1024

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name.endswith("_weight") and not 0 <= value < math.inf:
                raise ValueError(f"{field.name} is {value}, but must be finite and at least 0")
            if field.name.endswith("_rate") and not 0 < value < 1:
                raise ValueError(f"{field.name} is {value}, but must be above 0 and below 1")
        if not 0 < self.temperature < math.inf:
            raise ValueError(f"temperature is {self.temperature}, but must be finite and above 0")


class RecLMISObjective(nn.Module):
    """L = lambda_1 L_seg + lambda_2 L_V2T + lambda_3 L_T2V + lambda_4 L_CCL, with L_seg = cross-entropy + Dice.

    The auxiliary terms use the first note of each radiograph, its own: other notes may name places without a lesion.
    A term whose weight is above 0 is always computed. If it cannot be, or is not finite, training stops. The
    contrastive loss of equal notes is 0, because nothing tells them apart; a warning says so.

    Attributes:
        vision, language: the reconstructors of CVR and CLR; None if the term is left out.
    """

    def __init__(
        self,
        channels: int,
        settings: RecLMISSettings | None = None,
        dice_weight: float = 1.0,
        dice_smooth: float = 1.0,
        dice_squared: bool = False,
    ) -> None:
        """Choose the terms.

        Args:
            channels: C of patches and words.
            settings: weights and sizes.
            dice_weight, dice_smooth, dice_squared: see `soft_dice_loss`.
        """
        super().__init__()
        self.settings = settings = settings or RecLMISSettings()
        self.dice_weight = dice_weight
        self.dice_smooth = dice_smooth
        self.dice_squared = dice_squared
        self.vision, self.language = (
            Reconstructor(channels, settings.layers, settings.heads, settings.hidden) if weight else None
            for weight in (settings.vision_weight, settings.language_weight)
        )

    def step(
        self, network: RecLMIS, image: Tensor, tokens: Tensor, target: Tensor, weight: Tensor | None = None
    ) -> Loss:
        """Return the loss of a batch.

        Args:
            network: the network in training.
            image: B x 1 x H x W.
            tokens: of N notes for each image, in a row, int64 (B * N) x L.
            target: ground truth, float 0 or 1, (B * N) x 1 x H x W.
            weight: of each pixel in the segmentation loss, (B * N) x 1 x H x W; None for equal weights.

        Raises:
            DatasetError: the batch has one radiograph, and its notes are to be contrasted.
            FloatingPointError: a term is not finite.
        """
        if self.settings.contrastive_weight and len(image) < 2:
            raise DatasetError(
                "A batch of one radiograph has nothing to contrast; raise --data.batch_size, or set "
                "--model.reclmis.contrastive_weight to 0."
            )
        number = len(tokens) // len(image)
        features = network.encode_image(image)
        words = network.encode_text(tokens)
        output = network.decode(features.repeated(number), words)
        own = slice(None, None, number)
        own_words = Words(words.states[own], words.present[own])
        terms = {
            "segmentation": self.segmentation(output.logits, target, weight),
            **self.auxiliary(features, own_words, output, tokens[own], own),
        }
        for name, term in terms.items():
            if not torch.isfinite(term):
                raise FloatingPointError(f"The loss “{name}” is not finite.")
        settings = self.settings
        weights = {
            "segmentation": settings.segmentation_weight,
            "language": settings.language_weight,
            "vision": settings.vision_weight,
            "contrastive": settings.contrastive_weight,
        }
        total = torch.stack([weights[name] * term for name, term in terms.items()]).sum()
        return Loss(total, terms)

    def segmentation(self, logits: Tensor, target: Tensor, weight: Tensor | None) -> Tensor:
        """Return cross-entropy and weighted Dice."""
        loss = cross_entropy(logits, target, weight)
        if self.dice_weight:
            dice = soft_dice_loss(logits, target, self.dice_smooth, weight, squared=self.dice_squared)
            loss = loss + self.dice_weight * dice
        return loss

    def auxiliary(
        self, features: Features, words: Words, output: Output, tokens: Tensor, own: slice
    ) -> dict[str, Tensor]:
        """Return the auxiliary terms whose weight is above 0.

        Args:
            features: of the images.
            words: of their own notes.
            output: of all notes.
            tokens: of their own notes.
            own: selects the own notes among all.
        """
        settings = self.settings
        patches = features.patches.flatten(2).transpose(1, 2)
        states, present = words
        everywhere = torch.ones_like(patches[..., 0])
        if settings.conditions:
            patch_weights = output.interaction.patch_weights[own].flatten(1)
            word_weights = output.interaction.word_weights[own]
        else:
            patch_weights, word_weights = everywhere / patches.shape[1], present / present.sum(1, keepdim=True)
        terms: dict[str, Tensor] = {}
        if self.language is not None:
            masked = draw_masked(word_weights, settings.language_mask_rate, present)
            rebuilt = self.language(states * ~masked[..., None], patches, patch_weights, present == 0, everywhere == 0)
            terms["language"] = reconstruction_loss(rebuilt, states, masked, word_weights)
        if self.vision is not None:
            masked = draw_masked(patch_weights, settings.vision_mask_rate)
            rebuilt = self.vision(patches * ~masked[..., None], states, word_weights, everywhere == 0, present == 0)
            terms["vision"] = reconstruction_loss(rebuilt, patches, masked, patch_weights)
        if settings.contrastive_weight:
            similarity = similarities(patches, states, patch_weights, word_weights, present)
            same = torch.eye(len(tokens), dtype=torch.bool, device=tokens.device)
            if settings.equal_notes_are_positive:
                same = same_sentences(tokens)
            if same.all():
                warnings.warn("All notes of a batch are equal, so its contrastive loss is 0.", stacklevel=1)
            terms["contrastive"] = contrastive_loss(similarity, settings.temperature, same)
        return terms

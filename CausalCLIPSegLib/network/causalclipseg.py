"""The whole of CausalCLIPSeg: encoders, causal intervention, fusion, two decoders (Fig. 1 of the paper)."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn

from CausalCLIPSegLib.network.configuration import NetworkConfiguration
from CausalCLIPSegLib.network.decoder import Decoder
from CausalCLIPSegLib.network.fusion import PointwiseConvolution, ScaleUnifier
from CausalCLIPSegLib.network.masker import Masker, split_features
from CausalCLIPSegLib.network.text_encoder import TextEncoder
from CausalCLIPSegLib.network.vision_encoder import STRIDES, build_vision_encoder


class Output(NamedTuple):
    """What the network returns.

    Attributes:
        logits: D_c(tau, F^c), B x 1 x H x W; their sigmoid is the probability of the lesion.
        confounder_logits: D_s(tau, F^s), B x 1 x H x W; None at inference and without causal intervention.
        attention: M_i of stages 2, 3 and 4 (Eq. 2), each B x C x H_i x W_i; empty without causal intervention.
    """

    logits: Tensor
    confounder_logits: Tensor | None
    attention: list[Tensor]


class Features(NamedTuple):
    """The features of an image, before any text is involved.

    Attributes:
        causal: F^c, all stages fused at one scale, B x C x h x w.
        confounding: F^s, B x C x h x w; None at inference and without causal intervention.
        attention: as in `Output`.
    """

    causal: Tensor
    confounding: Tensor | None
    attention: list[Tensor]

    def repeated(self, number: int) -> Features:
        """Return the features with each image `number` times in a row, for several texts per image."""
        if number == 1:
            return self
        causal, confounding = (
            None if fused is None else fused.repeat_interleave(number, dim=0)
            for fused in (self.causal, self.confounding)
        )
        return Features(causal, confounding, self.attention)  # type: ignore[arg-type]


class Branch(nn.Module):
    """Fusion and decoder of the causal or of the confounding features."""

    def __init__(self, configuration: NetworkConfiguration) -> None:
        super().__init__()
        channels = configuration.channels
        self.fusion = PointwiseConvolution(len(STRIDES) * channels, channels)
        self.decoder = Decoder(
            channels,
            configuration.text.feature_size,
            STRIDES[configuration.fusion_stage - 2],
            configuration.decoder,
            low_resolution=configuration.low_resolution_convolutions,
        )


class CausalCLIPSeg(nn.Module):
    """The network of the paper, at the sizes of its configuration.

    Attributes:
        text_encoder: CLIP's Transformer.
        vision_encoder: stages 2 to 4.
        projections: one for each stage, to the common number of channels.
        maskers: one for each stage (Eq. 2); None without causal intervention.
        unifier: CARAFE to one scale.
        causal, confounder: fusion and decoder for F^c and F^s, of the same shape but without shared weights;
            `confounder` is None without causal intervention.
    """

    def __init__(self, configuration: NetworkConfiguration | None = None) -> None:
        super().__init__()
        self.configuration = configuration = configuration or NetworkConfiguration()
        self.text_encoder = TextEncoder(configuration.text)
        self.vision_encoder = build_vision_encoder(configuration.vision)
        self.projections = nn.ModuleList(
            PointwiseConvolution(channels, configuration.channels)
            if channels != configuration.channels
            else nn.Identity()
            for channels in self.vision_encoder.channels
        )
        self.unifier = ScaleUnifier(configuration.channels, STRIDES, STRIDES[configuration.fusion_stage - 2])
        self.causal = Branch(configuration)
        self.maskers: nn.ModuleList | None = None
        self.confounder: Branch | None = None
        if configuration.causal_intervention:
            self.maskers = nn.ModuleList(Masker(configuration.channels) for _ in STRIDES)
            self.confounder = Branch(configuration)

    def encode_text(self, tokens: Tensor) -> Tensor:
        """Return tau, float B x T, of tokens, int64 B x L. It depends only on the text: reuse it for many images."""
        return self.text_encoder(tokens)

    def encode_image(self, image: Tensor, *, confounder: bool = True) -> Features:
        """Return the features of images. They depend only on the image, so reuse them for many texts.

        Args:
            image: B x 1 x H x W, float in [0, 1], H and W multiples of 32.
            confounder: also return features for the confounder's branch; training needs them, inference does not.
        """
        stages = [project(stage) for project, stage in zip(self.projections, self.vision_encoder(image), strict=True)]
        if self.maskers is None or self.confounder is None:
            return Features(self.causal.fusion(self.unifier(stages)), None, [])
        attention = [masker(stage) for masker, stage in zip(self.maskers, stages, strict=True)]
        causal, confounding = zip(*map(split_features, stages, attention), strict=True)
        return Features(
            self.causal.fusion(self.unifier(causal)),
            self.confounder.fusion(self.unifier(confounding)) if confounder else None,
            attention,
        )

    def decode(self, features: Features, text: Tensor) -> Output:
        """Segment images by their texts (tau from `encode_text`, B x T); the logits have the image's resolution."""
        logits = self.causal.decoder(text, features.causal)
        if self.confounder is None or features.confounding is None:
            return Output(logits, None, features.attention)
        return Output(logits, self.confounder.decoder(text, features.confounding), features.attention)

    def forward(self, image: Tensor, text: Tensor, *, confounder: bool = True) -> Output:
        """Segment images by their texts: call `encode_image`, then `decode`.

        Args:
            image: as in `encode_image`.
            text: tau, (B * N) x T; N texts for each image, in a row.
            confounder: as in `encode_image`.

        Returns:
            The logits of B * N masks.
        """
        features = self.encode_image(image, confounder=confounder)
        return self.decode(features.repeated(len(text) // len(image)), text)

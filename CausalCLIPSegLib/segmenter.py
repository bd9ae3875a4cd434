"""Segment on a radiograph what a note refers to: the one place where note, radiograph and network meet."""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from CausalCLIPSegLib import colors
from CausalCLIPSegLib.about import __version__
from CausalCLIPSegLib.errors import DeviceWarning
from CausalCLIPSegLib.laterality import SIDES
from CausalCLIPSegLib.mask.sides import split_by_side
from CausalCLIPSegLib.model.checkpoint import Checkpoint, load_checkpoint
from CausalCLIPSegLib.model.device import Device, choose_device
from CausalCLIPSegLib.model.resampling import to_network_grid, to_radiograph_grid
from CausalCLIPSegLib.network.causalclipseg import Features
from CausalCLIPSegLib.network.text_encoder import tokenize
from CausalCLIPSegLib.notes import ReferringExpression, choose_side, parse_note, swap_sides, to_prompt
from CausalCLIPSegLib.radiograph import Radiograph
from CausalCLIPSegLib.result import Provenance, Segment, SegmentationResult, kind_on

Progress = Callable[[str], None]
"""Called with the name of each phase when it begins."""

log = logging.getLogger(__name__)


class Maps(NamedTuple):
    """What the network returns for a radiograph, on its own square grid of S x S.

    Attributes:
        probability: float32 in [0, 1], 1 x 1 x S x S.
        attention: float32 in [0, 1], 1 x 1 x s x s: M of Eq. 2, mean over channels and stages, on the grid of the
            finest stage; None if the network has no masker.
    """

    probability: Tensor
    attention: Tensor | None


def _mean_attention(attention: list[Tensor]) -> Tensor | None:
    """Average M over channels and stages on the grid of the finest stage, B x 1 x h x w; None for no stages."""
    if not attention:
        return None
    return _mean([stage.mean(1, keepdim=True) for stage in attention], attention[0].shape[-1])


class Segmenter:
    """A checkpoint on a device: set a radiograph once, then ask about as many notes as you like.

        segmenter = Segmenter.from_checkpoint("default")
        segmenter.set_radiograph(read_radiograph("image.dcm"))
        right = segmenter.ask("Consolidation in the right lower zone.")
        left = segmenter.ask("Left basal opacity.")

    The first `ask` encodes the radiograph; later ones reuse its features. `segment` does both in one call.

    Attributes:
        card: the card of the checkpoint.
        device: where the network runs; the CPU after the GPU ran out of memory.
        network: the network in evaluation mode.
    """

    def __init__(self, checkpoint: Checkpoint, device: Device = "auto") -> None:
        """Put a checkpoint on a device.

        Raises:
            DeviceError: the device is not available.
        """
        self.card = checkpoint.card
        self.device = choose_device(device)
        self.network = checkpoint.network
        self._radiograph: Radiograph | None = None
        self._image_features: list[Features] = []
        self._text_features: dict[str, Tensor] = {}
        try:
            self.network.to(self.device)
        except torch.cuda.OutOfMemoryError:
            self._fall_back_to_cpu()

    @classmethod
    def from_checkpoint(cls, name_or_path: str | Path = "default", device: Device = "auto") -> Segmenter:
        """Load a checkpoint and put it on a device.

        Args:
            name_or_path: "default", the name of a checkpoint in Resources/checkpoints, or a path (`find_checkpoint`).
            device: "auto" is a CUDA GPU if one can be used, else the CPU.

        Raises:
            CheckpointError: the checkpoint cannot be loaded.
            DeviceError: the device is not available.
        """
        return cls(load_checkpoint(name_or_path), device)

    def set_radiograph(self, radiograph: Radiograph, *, mirrored: bool | None = None) -> None:
        """Set the radiograph for the next calls of `ask`.

        Encoded features are reused if the radiograph has the same pixels as the previous one. After an error the
        previous radiograph stays set.

        Args:
            radiograph: a frontal chest radiograph.
            mirrored: whether the image shows the patient's right on the viewer's right; None: as the header says.

        Raises:
            MirroredQuestionError: the header says that the radiograph is mirrored, and `mirrored` is None.
        """
        radiograph = radiograph.oriented(mirrored)
        if self._radiograph is None or not _same_input(self._radiograph, radiograph):
            self._image_features = []
        self._radiograph = radiograph

    def ask(
        self,
        note: str | ReferringExpression,
        *,
        threshold: float | None = None,
        progress: Progress | None = None,
    ) -> SegmentationResult:
        """Segment what a note refers to on the radiograph that was set.

        Args:
            note: free text in any supported language, with left and right of the patient; or an expression from
                `parse_note` (and `choose_side`).
            threshold: a pixel belongs to the mask if its probability reaches this value; None: the card's threshold.
            progress: called with the name of each phase when it begins.

        Returns:
            The result on the radiograph's own grid. Its mask may be empty.

        Raises:
            NoFindingError: the note names no finding that can be segmented.
            SideQuestionError: the note contradicts itself about the side; `choose_side` answers.
            NoteError: the note is empty or too long.
            ValueError: no radiograph was set.
        """
        begin = progress or (lambda phase: None)
        radiograph = self._current()
        seconds: dict[str, float] = {}
        begin("Understanding the note")
        expression = choose_side(parse_note(note) if isinstance(note, str) else note, None)
        prompt = to_prompt(expression, self.card.laterality)
        with _timed(seconds, "image"):
            begin("Searching the radiograph")
            maps = self.probabilities(prompt, seconds)
        with _timed(seconds, "resample"):
            probability = self._on_radiograph(maps.probability)
            attention = (
                np.full(radiograph.pixels.shape, 1, np.float32)
                if maps.attention is None
                else self._on_radiograph(maps.attention)
            )
        threshold = self.card.threshold if threshold is None else threshold
        return SegmentationResult(
            radiograph=radiograph,
            note=expression.text,
            expression=expression,
            prompt=prompt,
            laterality=self.card.laterality,
            probability=probability,
            threshold=threshold,
            causal_attention=attention,
            segments=self.segments_of(probability >= threshold, expression, mirrored=bool(radiograph.mirrored)),
            provenance=Provenance(
                self.card.name, self.card.version, self.card.sha256, self.device.type, __version__, seconds
            ),
        )

    def segment(
        self,
        radiograph: Radiograph,
        note: str | ReferringExpression,
        *,
        threshold: float | None = None,
        mirrored: bool | None = None,
        progress: Progress | None = None,
    ) -> SegmentationResult:
        """Call `set_radiograph` and `ask`; they document the arguments and errors."""
        self.set_radiograph(radiograph, mirrored=mirrored)
        return self.ask(note, threshold=threshold, progress=progress)

    def segments_of(
        self, mask: npt.NDArray[np.bool_], expression: ReferringExpression, *, mirrored: bool
    ) -> tuple[Segment, ...]:
        """Split a mask by side and return named segments.

        Args:
            mask: bool, rows x columns.
            expression: the parsed note; it gives each segment its kind of finding.
            mirrored: the image shows the patient's right on the viewer's right.

        Returns:
            One segment for each side that holds part of the mask, the patient's right before the left.
        """
        masks = split_by_side(mask, mirrored=mirrored)
        stem = self.card.finding.rsplit(maxsplit=1)[-1].lower()
        return tuple(
            Segment(
                identifier=f"{stem}_{side}",
                name=f"{self.card.finding}, {side} lung",
                side=side,
                mask=masks[side],
                color=colors.BY_SIDE[side],
                kind=kind_on(expression, side),
            )
            for side in SIDES
            if masks[side].any()
        )

    def predict(self, prompt: str) -> npt.NDArray[np.float32]:
        """Return the probability map of a prompt on the radiograph that was set: float32 in [0, 1], rows x columns.

        Args:
            prompt: in the checkpoint's laterality, as from `to_prompt`.

        Raises:
            ValueError: no radiograph was set.
        """
        return self._on_radiograph(self.probabilities(prompt).probability)

    def probabilities(self, prompt: str, seconds: dict[str, float] | None = None) -> Maps:
        """Run the network on the radiograph that was set and a prompt in the checkpoint's laterality.

        If the GPU runs out of memory, issue a `DeviceWarning` and continue on the CPU.

        Args:
            prompt: as from `to_prompt`.
            seconds: receives the wall-clock seconds of encoding the prompt, under "text".

        Raises:
            ValueError: no radiograph was set.
        """
        seconds = {} if seconds is None else seconds
        try:
            return self._run(prompt, seconds)
        except torch.cuda.OutOfMemoryError:
            self._fall_back_to_cpu()
            return self._run(prompt, seconds)

    @torch.inference_mode()
    def _run(self, prompt: str, seconds: dict[str, float]) -> Maps:
        prompts = [prompt, swap_sides(prompt)] if self.card.mirror else [prompt]
        with _timed(seconds, "text"):
            text = torch.cat([self._encode_prompt(each) for each in prompts])
        outputs = [self.network.decode(features, text) for features in self._encode_radiograph()]
        attention = [_unmirror(mean) for mean in (_mean_attention(o.attention) for o in outputs) if mean is not None]
        return Maps(
            _mean([_unmirror(output.logits.sigmoid()) for output in outputs], self.card.network.image_size),
            _mean(attention, max(mean.shape[-1] for mean in attention)) if attention else None,
        )

    def _current(self) -> Radiograph:
        if self._radiograph is None:
            raise ValueError("Set a radiograph first.")
        return self._radiograph

    def _encode_radiograph(self) -> list[Features]:
        """Return the features of the radiograph that was set, one for each scale."""
        if not self._image_features:
            radiograph = self._current()
            pixels = radiograph.pixels[:, ::-1] if radiograph.mirrored else radiograph.pixels
            images = [to_network_grid(pixels, size) for size in self.card.scales or (self.card.network.image_size,)]
            views = [torch.cat([image, image.flip(-1)]) if self.card.mirror else image for image in images]
            self._image_features = [
                self.network.encode_image(view.to(self.device), confounder=False) for view in views
            ]
        return self._image_features

    def _encode_prompt(self, prompt: str) -> Tensor:
        if prompt not in self._text_features:
            tokens = tokenize([prompt], self.card.network.text.context_length).to(self.device)
            self._text_features[prompt] = self.network.encode_text(tokens)
        return self._text_features[prompt]

    def _fall_back_to_cpu(self) -> None:
        warnings.warn(DeviceWarning("The GPU has too little free memory; running on the CPU instead."), stacklevel=3)
        self.device = torch.device("cpu")
        self.network.to(self.device)
        self._text_features.clear()
        self._image_features = []
        torch.cuda.empty_cache()

    def _on_radiograph(self, image: Tensor) -> npt.NDArray[np.float32]:
        """Resample a map of the network, 1 x 1 x h x w, to the grid of the radiograph that was set."""
        radiograph = self._current()
        resampled = to_radiograph_grid(image, *radiograph.pixels.shape)
        return np.ascontiguousarray(resampled[:, ::-1]) if radiograph.mirrored else resampled


def _same_input(first: Radiograph, second: Radiograph) -> bool:
    """Return whether two radiographs give the network the same input."""
    return bool(first.mirrored) == bool(second.mirrored) and (
        first.pixels is second.pixels or np.array_equal(first.pixels, second.pixels)
    )


def _unmirror(views: Tensor) -> Tensor:
    """Average the maps of a view and its mirrored view, 2 x 1 x h x w, to 1 x 1 x h x w; keep a single map."""
    return views if len(views) == 1 else (views[:1] + views[1:].flip(-1)) / 2


def _mean(maps: list[Tensor], size: int) -> Tensor:
    """Average the maps of several scales, each 1 x 1 x h x w, on a square grid of `size` x `size`."""
    return torch.stack([_resize(scale, size) for scale in maps]).mean(0)


def _resize(image: Tensor, size: int) -> Tensor:
    return F.interpolate(image, size=(size, size), mode="bilinear", align_corners=False)


@contextmanager
def _timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[stage] = time.perf_counter() - start

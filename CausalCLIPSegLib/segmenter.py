"""A radiograph and a note in, a segmentation out: the one place where all parts meet."""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from CausalCLIPSegLib import __version__, colors
from CausalCLIPSegLib.errors import DeviceWarning, RadiographError
from CausalCLIPSegLib.laterality import SIDES, Laterality, SideChoice
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

log = logging.getLogger(__name__)


class Maps(NamedTuple):
    """What the network gives for a film, on its own square grid.

    Attributes:
        probability: float32 in [0, 1], 1 x 1 x S x S.
        attention: float32 in [0, 1], 1 x 1 x s x s, M of Eq. 2, mean over channels and stages; None without masker.
    """

    probability: Tensor
    attention: Tensor | None


def mean_attention(attention: list[Tensor]) -> Tensor | None:
    """Return the mean of M over channels and stages at the finest stage's scale, B x 1 x h x w; None for no stages."""
    if not attention:
        return None
    return _mean([stage.mean(1, keepdim=True) for stage in attention], attention[0].shape[-1])


class Segmenter:
    """A checkpoint on a device. Features of sentences and of the last film are kept, so a second note is quick."""

    def __init__(self, checkpoint: Checkpoint, device: Device = "auto") -> None:
        """Put a checkpoint on a device.

        Raises:
            DeviceError: if the device is not there.
        """
        self.card = checkpoint.card
        self.device = choose_device(device)
        self.network = checkpoint.network
        self._texts: dict[str, Tensor] = {}
        self._film: tuple[list[Tensor], list[Features]] = [], []
        try:
            self.network.to(self.device)
        except torch.cuda.OutOfMemoryError:
            self._fall_back_to_cpu()

    @classmethod
    def from_checkpoint(cls, name_or_path: str | Path = "default", device: Device = "auto") -> Segmenter:
        """Load a checkpoint by name or path and put it on a device.

        Raises:
            CheckpointError: if it cannot be loaded.
            DeviceError: if the device is not there.
        """
        return cls(load_checkpoint(name_or_path), device)

    def segment(
        self,
        radiograph: Radiograph,
        note: str,
        *,
        laterality: Laterality = "patient",
        language: str | None = None,
        side: SideChoice | None = None,
        threshold: float | None = None,
        mirrored: bool | None = None,
        progress: Progress | None = None,
    ) -> SegmentationResult:
        """Outline on the radiograph what the note speaks of.

        Args:
            radiograph: a frontal chest film.
            note: free text.
            laterality: whose left and right the note means.
            language: of the note, two letters; None recognises it.
            side: of the patient, where the note contradicts itself or only one of its sides is wanted; None: as the
                note says, and one that contradicts itself is refused.
            threshold: probability from which on a pixel belongs to the mask; the card's if None.
            mirrored: whether the film shows the patient's right on the viewer's right; None: as its header says. A
                header that says so is not believed without being asked about.
            progress: called with the name of each phase as it begins.

        Raises:
            NoteError: if the note names nothing that can be outlined, or contradicts itself and `side` is None.
            RadiographError: if the film's header says that it is mirrored and `mirrored` is None.
        """
        say_phase = progress or (lambda phase: None)
        if mirrored is None and radiograph.mirrored:
            raise RadiographError(
                "The header of this film says that it is mirrored, the patient's right on the right of the picture: "
                "say whether that is so (--mirrored or --not-mirrored)."
            )
        if mirrored is not None:
            radiograph = replace(radiograph, mirrored=mirrored)
        seconds: dict[str, float] = {}
        say_phase("Understanding the note")
        expression = choose_side(parse_note(note, laterality, language), side)
        prompt = to_prompt(expression, self.card.laterality)
        with _timed(seconds, "image"):
            say_phase("Searching the film")
            maps = self.probabilities(radiograph, prompt, seconds)
        with _timed(seconds, "resample"):
            probability = self._on_film(maps.probability, radiograph)
            attention = (
                np.full(radiograph.pixels.shape, 1, np.float32)
                if maps.attention is None
                else self._on_film(maps.attention, radiograph)
            )
        threshold = self.card.threshold if threshold is None else threshold
        return SegmentationResult(
            radiograph=radiograph,
            note=note,
            expression=expression,
            prompt=prompt,
            laterality=self.card.laterality,
            probability=probability,
            threshold=threshold,
            causal_attention=attention,
            segments=self.segments(probability >= threshold, expression, mirrored=bool(radiograph.mirrored)),
            provenance=Provenance(
                self.card.name, self.card.version, self.card.sha256, self.device.type, __version__, seconds
            ),
        )

    def probabilities(self, radiograph: Radiograph, prompt: str, seconds: dict[str, float] | None = None) -> Maps:
        """Run the network on a film and a sentence of the checkpoint's language.

        Falls back to the CPU, with a warning, when the GPU has too little memory.
        """
        pixels = radiograph.pixels[:, ::-1] if radiograph.mirrored else radiograph.pixels
        images = [to_network_grid(pixels, size) for size in self.card.scales or (self.card.network.image_size,)]
        try:
            return self._run(images, prompt, {} if seconds is None else seconds)
        except torch.cuda.OutOfMemoryError:
            self._fall_back_to_cpu()
            return self._run(images, prompt, {} if seconds is None else seconds)

    @torch.inference_mode()
    def _run(self, images: list[Tensor], prompt: str, seconds: dict[str, float]) -> Maps:
        sentences = [prompt, swap_sides(prompt)] if self.card.mirror else [prompt]
        with _timed(seconds, "text"):
            text = torch.cat([self._encode(sentence) for sentence in sentences])
        outputs = [self.network.decode(features, text) for features in self._encode_film(images)]
        attention = [_unmirror(mean) for mean in (mean_attention(o.attention) for o in outputs) if mean is not None]
        return Maps(
            _mean([_unmirror(output.logits.sigmoid()) for output in outputs], self.card.network.image_size),
            _mean(attention, max(mean.shape[-1] for mean in attention)) if attention else None,
        )

    def _encode_film(self, images: list[Tensor]) -> list[Features]:
        if len(images) != len(self._film[0]) or not all(map(torch.equal, images, self._film[0])):
            features = []
            for image in images:
                views = torch.cat([image, image.flip(-1)]) if self.card.mirror else image
                features.append(self.network.encode_image(views.to(self.device), confounder=False))
            self._film = images, features
        return self._film[1]

    def _encode(self, sentence: str) -> Tensor:
        if sentence not in self._texts:
            tokens = tokenize([sentence], self.card.network.text.context_length).to(self.device)
            self._texts[sentence] = self.network.encode_text(tokens)
        return self._texts[sentence]

    def _fall_back_to_cpu(self) -> None:
        warnings.warn(DeviceWarning("The GPU has too little free memory; running on the CPU instead."), stacklevel=3)
        self.device = torch.device("cpu")
        self.network.to(self.device)
        self._texts.clear()
        self._film = [], []
        torch.cuda.empty_cache()

    def _on_film(self, picture: Tensor, radiograph: Radiograph) -> npt.NDArray[np.float32]:
        film = to_radiograph_grid(picture, *radiograph.pixels.shape)
        return np.ascontiguousarray(film[:, ::-1]) if radiograph.mirrored else film

    def segments(
        self, mask: npt.NDArray[np.bool_], expression: ReferringExpression, *, mirrored: bool
    ) -> tuple[Segment, ...]:
        """Part a mask by side and name the parts.

        Args:
            mask: bool, rows x columns.
            expression: what the note says; it gives the parts their kinds.
            mirrored: the film shows the patient's right on the viewer's right.

        Returns:
            One for each side that holds any part of the mask, the patient's right before the left.
        """
        parts = split_by_side(mask, mirrored=mirrored)
        stem = self.card.finding.rsplit(maxsplit=1)[-1].lower()
        return tuple(
            Segment(
                identifier=f"{stem}_{side}",
                name=f"{self.card.finding}, {side} lung",
                side=side,
                mask=parts[side],
                color=colors.BY_SIDE[side],
                kind=kind_on(expression, side),
            )
            for side in SIDES
            if parts[side].any()
        )


def _unmirror(views: Tensor) -> Tensor:
    """Average a map with that of the mirrored film, 2 x 1 x h x w -> 1 x 1 x h x w; a single one stays."""
    return views if len(views) == 1 else (views[:1] + views[1:].flip(-1)) / 2


def _mean(maps: list[Tensor], size: int) -> Tensor:
    """Average maps of one film at several scales, each 1 x 1 x h x w, on a square grid of `size`."""
    return torch.stack([_stretch(one, size) for one in maps]).mean(0)


def _stretch(picture: Tensor, size: int) -> Tensor:
    return F.interpolate(picture, size=(size, size), mode="bilinear", align_corners=False)


@contextmanager
def _timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[stage] = time.perf_counter() - start

"""Segment on a radiograph what a note refers to: the one place where note, radiograph and network meet."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib import colors
from CausalCLIPSegLib.about import __version__
from CausalCLIPSegLib.bounding_box import bounding_box
from CausalCLIPSegLib.errors import CheckpointError
from CausalCLIPSegLib.laterality import SIDES
from CausalCLIPSegLib.mask.description import zones_of
from CausalCLIPSegLib.mask.doubtful import lower_doubtful
from CausalCLIPSegLib.mask.lung_extent import LungExtent, lung_extent
from CausalCLIPSegLib.mask.places import Place
from CausalCLIPSegLib.mask.presence import areas_elsewhere, is_denied, named_places, state_places
from CausalCLIPSegLib.mask.sides import split_by_side
from CausalCLIPSegLib.model.card import Card, prompt_without_place
from CausalCLIPSegLib.model.checkpoint import open_checkpoint
from CausalCLIPSegLib.model.device import Device, EngineChoice
from CausalCLIPSegLib.model.engines.interface import Arrays, Engine
from CausalCLIPSegLib.model.engines.load import load_engine
from CausalCLIPSegLib.model.resampling import (
    Window,
    interpolate,
    reached_window,
    to_network_grid,
    to_radiograph_grid,
)
from CausalCLIPSegLib.model.tokens import encode, word_weights
from CausalCLIPSegLib.notes import INFECTION, ReferringExpression, choose_side, parse_note, swap_sides
from CausalCLIPSegLib.notes.heard import spans_of_words
from CausalCLIPSegLib.radiograph import Radiograph
from CausalCLIPSegLib.result import (
    Candidate,
    NetworkMap,
    Provenance,
    Segment,
    SegmentationResult,
    WordWeight,
    kind_on,
)
from CausalCLIPSegLib.terminology import segment_name

FloatArray = npt.NDArray[np.float32]
PATCHES = "patches_of_interest"
"""Name of a map of the network, and of its result."""
Mask = npt.NDArray[np.bool_]
Number = TypeVar("Number", bound=np.generic)

Progress = Callable[[str], None]
"""Called with the name of each phase when it begins."""


class Segmenter:
    """A checkpoint on a device: set a radiograph once, then ask about as many notes as you like.

        segmenter = Segmenter.from_checkpoint("default")
        segmenter.set_radiograph(read_radiograph("image.dcm"))
        right = segmenter.ask("Consolidation in the right lower zone.")
        left = segmenter.ask("Left basal opacity.")

    The first `ask` encodes the radiograph; later ones reuse its features. `segment` does both in one call.

    Attributes:
        card: the card of the checkpoint.
        engine: runs the network.
    """

    def __init__(self, card: Card, engine: Engine) -> None:
        self.card = card
        self.engine = engine
        self._radiograph: Radiograph | None = None
        self._image_features: list[Arrays] = []
        self._attention: FloatArray | None = None
        self._extent: LungExtent | None = None
        self._without_place: dict[str, FloatArray] = {}
        self._text_features: dict[str, Arrays] = {}

    @classmethod
    def from_checkpoint(
        cls, name_or_path: str | Path = "default", device: Device = "auto", engine: EngineChoice = "auto"
    ) -> Segmenter:
        """Load a checkpoint into an engine.

        Args:
            name_or_path: "default", the name of a checkpoint in Resources/checkpoints, or a path (`find_checkpoint`).
            device: "auto" is a CUDA GPU if PyTorch can use one, else the CPU.
            engine: "auto" is PyTorch on a GPU and for a checkpoint without graphs, else ONNX Runtime.

        Raises:
            CheckpointError: the checkpoint cannot be loaded.
            DeviceError: the device or the engine is not available.
        """
        checkpoint = open_checkpoint(name_or_path)
        return cls(checkpoint.card, load_engine(checkpoint, device, engine))

    @property
    def device(self) -> str:
        """Where the network runs, "cpu" or "cuda"; the CPU after the GPU ran out of memory."""
        return self.engine.device

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
            self._image_features, self._attention, self._extent, self._without_place = [], None, None, {}
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
        expression = choose_side(
            parse_note(note, findings=self.card.findings) if isinstance(note, str) else note, None
        )
        prompt = self.card.prompt(expression)
        with _timed(seconds, "image"):
            begin("Searching the radiograph")
            outputs = self._decode(prompt, seconds)
            network_probability = self._probability_of(outputs)
        with _timed(seconds, "resample"):
            probability = self._on_radiograph(network_probability)
        threshold = self.card.threshold if threshold is None else threshold
        mirrored = bool(radiograph.mirrored)
        mask = probability >= threshold
        with _timed(seconds, "places"):
            extent = self._lung_extent()
            calibrate = self.card.places.presence
            places = state_places(probability, threshold, expression, extent, mirrored=mirrored, calibrate=calibrate)
            candidates = self._candidates(expression, network_probability >= threshold, mask, extent)
        return SegmentationResult(
            radiograph=radiograph,
            note=expression.text,
            expression=expression,
            prompt=prompt,
            laterality=self.card.laterality,
            probability=probability,
            threshold=threshold,
            network_attention=self._network_attention(),
            maps=self._maps_of(outputs),
            words=self._words_of(prompt, outputs, expression),
            segments=self.segments_of(mask, expression, mirrored=mirrored),
            provenance=Provenance(
                self.card.name,
                self.card.version,
                self.card.sha256,
                self.engine.device,
                __version__,
                seconds,
                self.engine.name,
                architecture=self.card.network.architecture,
            ),
            places=places,
            candidates=candidates,
            extent=extent,
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

    def segments_of(self, mask: Mask, expression: ReferringExpression, *, mirrored: bool) -> tuple[Segment, ...]:
        """Split a mask by side and return named segments.

        Args:
            mask: bool, rows x columns.
            expression: the parsed note; it gives each segment its kind of finding.
            mirrored: the image shows the patient's right on the viewer's right.

        Returns:
            One segment for each side that holds part of the mask, the patient's right before the left.
        """
        masks = split_by_side(mask, mirrored=mirrored)
        stem = expression.finding.replace(" ", "_")
        if expression.finding == INFECTION:
            stem = self.card.finding.rsplit(maxsplit=1)[-1].lower()
        kinds = {side: kind_on(expression, side) for side in SIDES if masks[side].any()}
        return tuple(
            Segment(
                identifier=f"{stem}_{side}",
                name=segment_name(kind, side),
                side=side,
                mask=masks[side],
                color=colors.BY_SIDE[side],
                kind=kind,
            )
            for side, kind in kinds.items()
        )

    def predict(self, prompt: str) -> npt.NDArray[np.float32]:
        """Return the probability map of a prompt on the radiograph that was set: float32 in [0, 1], rows x columns.

        Args:
            prompt: in the checkpoint's laterality, as from `to_prompt`.

        Raises:
            ValueError: no radiograph was set.
        """
        return self._on_radiograph(self.probabilities(prompt))

    def probabilities(self, prompt: str, seconds: dict[str, float] | None = None) -> FloatArray:
        """Run the network on the radiograph that was set and a prompt in the checkpoint's laterality.

        Args:
            prompt: as from `to_prompt`.
            seconds: receives the wall-clock seconds of encoding the prompt, under "text".

        Returns:
            The probability on the network's own grid: float32 in [0, 1], S x S.

        Raises:
            CheckpointError: the checkpoint does not know a word of the prompt, or its network returns something else.
            ValueError: no radiograph was set.
        """
        return self._probability_of(self._decode(prompt, {} if seconds is None else seconds))

    def _decode(self, prompt: str, seconds: dict[str, float]) -> list[Arrays]:
        """Return what the network says about a prompt, for each scale."""
        with _timed(seconds, "text"):
            text = self._encode_prompt(prompt)
        return [self.engine.decode({**image, **text}) for image in self._encode_radiograph()]

    def _probability_of(self, outputs: list[Arrays]) -> FloatArray:
        """Return the mean probability of all scales, with doubtful areas lowered; see `probabilities`."""
        maps = [_unmirror(output["probability"]) for output in outputs]
        probability = _mean(maps, self.card.network.image_size)
        if not ((probability >= 0) & (probability <= 1)).all():  # NaN would look like a radiograph without a finding
            raise CheckpointError(
                f"The network of the checkpoint “{self.card.name}” returns values that are no probabilities, so "
                "nothing can be outlined with it."
            )
        if self.card.peak is None:
            return probability
        return lower_doubtful(probability, self.card.threshold, self.card.peak)

    def _candidates(
        self, expression: ReferringExpression, network_mask: Mask, mask: Mask, extent: LungExtent
    ) -> tuple[Candidate, ...]:
        """Search the radiograph without a place, and return what lies outside the places of the note.

        The search depends only on the finding, so it is made once for each. It is on the network's grid; only the
        areas that it finds are resampled to the radiograph's grid.

        Args:
            expression: the note.
            network_mask: what was segmented, on the network's grid, bool, S x S.
            mask: the same on the radiograph's grid, bool, rows x columns.
            extent: where the lungs lie.
        """
        named = named_places(expression)
        if not named or set(named) >= {Place(side) for side in SIDES}:
            return ()
        settings = self.card.places
        threshold = settings.search_threshold or self.card.threshold
        finding = expression.finding
        if finding not in self._without_place:
            self._without_place[finding] = self.probabilities(prompt_without_place(self.card, finding))
        probability = self._without_place[finding]
        seen = probability >= threshold
        taken = mask.copy()
        candidates: list[Candidate] = []
        for side, area in areas_elsewhere(seen, network_mask, expression, extent, smallest=settings.smallest_area):
            window = reached_window(bounding_box(self._oriented(area)), area.shape, *mask.shape)
            found = np.zeros_like(mask)
            found[window] = self._on_radiograph(np.where(area | ~seen, probability, 0), window) >= threshold
            found[window] &= ~taken[window]
            if not found[window].any():
                continue  # a radiograph of a few pixels
            taken[window] |= found[window]
            segment = Segment(
                identifier=f"not_in_note_{len(candidates) + 1}",
                name=segment_name(finding, side),
                side=side,
                mask=found,
                color=colors.NOT_IN_NOTE,
                kind=finding,
            )
            zones = zones_of(area, extent)
            highest = float(probability[area].max())
            candidates.append(Candidate(segment, zones, highest, is_denied(expression, side, zones)))
        return tuple(candidates)

    def _lung_extent(self) -> LungExtent:
        """Return where the lungs lie on the radiograph that was set."""
        if self._extent is None:
            self._extent = lung_extent(self._current().pixels)
        return self._extent

    def _current(self) -> Radiograph:
        if self._radiograph is None:
            raise ValueError("Set a radiograph first.")
        return self._radiograph

    def _encode_radiograph(self) -> list[Arrays]:
        """Return the features of the radiograph that was set, for each scale those of one or both views."""
        if not self._image_features:
            radiograph = self._current()
            features = []
            for size in self.card.scales or (self.card.network.image_size,):
                image = to_network_grid(radiograph.pixels, size)
                image = image[:, ::-1] if radiograph.mirrored else image
                views = [image, image[:, ::-1]] if self.card.mirror else [image]
                features.append(self.engine.encode_image(np.stack(views)[:, None]))
            self._image_features = features
        return self._image_features

    def _encode_prompt(self, prompt: str) -> Arrays:
        """Return the text features of a prompt, and of the prompt with swapped sides for the mirrored view."""
        if prompt not in self._text_features:
            prompts = [prompt, swap_sides(prompt)] if self.card.mirror else [prompt]
            tokens = np.concatenate([encode(each, self.card.network.text) for each in prompts])
            self._text_features[prompt] = self.engine.encode_text(tokens)
        return self._text_features[prompt]

    def _network_attention(self) -> FloatArray:
        """Return the causal attention on the network's grid, oriented as the radiograph; 1 without a masker."""
        if self._attention is None:
            maps = [_unmirror(image["attention"]) for image in self._encode_radiograph() if "attention" in image]
            size = max((each.shape[-1] for each in maps), default=1)
            self._attention = self._oriented(_mean(maps, size)) if maps else np.ones((1, 1), np.float32)
        return self._attention

    def _maps_of(self, outputs: list[Arrays]) -> tuple[NetworkMap, ...]:
        """Return the maps of the network for people; each is on its finest grid."""
        maps = []
        if any("attention" in image for image in self._encode_radiograph()):
            causal = self._network_attention()
            maps = [NetworkMap("causal_attention", causal), NetworkMap("confounder_attention", np.float32(1) - causal)]
        patches = [_unmirror(output[PATCHES]) for output in outputs if PATCHES in output]
        if patches:
            # The weights sum to 1, so that those of a fine grid are smaller. Here 1 is an even share.
            shares = [each * each.size for each in patches]
            maps.append(NetworkMap(PATCHES, self._oriented(_mean(shares, max(len(each) for each in shares)))))
        return tuple(maps)

    def _words_of(self, prompt: str, outputs: list[Arrays], expression: ReferringExpression) -> tuple[WordWeight, ...]:
        """Return the weights of the words of a prompt, as the mean of all views, and where the note says them."""
        weights = [output["words_of_interest"].mean(axis=0) for output in outputs if "words_of_interest" in output]
        if not weights:
            return ()
        words = word_weights(prompt, np.mean(weights, axis=0))
        spans = spans_of_words([word for word, _ in words], expression, self.card.laterality)
        return tuple(WordWeight(*word, span) for word, span in zip(words, spans, strict=True))

    def _on_radiograph(self, image: FloatArray, window: Window | None = None) -> FloatArray:
        """Resample a map of the network, h x w, to the grid of the radiograph that was set, or to a window of it."""
        rows, columns = self._current().pixels.shape
        return to_radiograph_grid(self._oriented(image), rows, columns, window)

    def _oriented(self, image: npt.NDArray[Number]) -> npt.NDArray[Number]:
        """Mirror a map of the network, h x w, if the radiograph that was set is mirrored."""
        return image[:, ::-1] if self._current().mirrored else image


def _same_input(first: Radiograph, second: Radiograph) -> bool:
    """Return whether two radiographs give the network the same input."""
    return bool(first.mirrored) == bool(second.mirrored) and (
        first.pixels is second.pixels or np.array_equal(first.pixels, second.pixels)
    )


def _unmirror(views: FloatArray) -> FloatArray:
    """Average the maps of a view and its mirrored view, 2 x 1 x h x w, to h x w; of a single view take the map."""
    return views[0, 0] if len(views) == 1 else (views[0, 0] + views[1, 0, :, ::-1]) / 2


def _mean(maps: list[FloatArray], size: int) -> FloatArray:
    """Average the square maps of several scales on a grid of `size` x `size`."""
    return np.mean([interpolate(each, size) for each in maps], axis=0, dtype=np.float32)


@contextmanager
def _timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[stage] = time.perf_counter() - start

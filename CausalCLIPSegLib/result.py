"""The result of a segmenter run: arrays and text, without torch."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.laterality import Laterality, Side
from CausalCLIPSegLib.mask.places import place_name
from CausalCLIPSegLib.mask.presence import PlaceStatement, probability_text
from CausalCLIPSegLib.model.resampling import to_radiograph_grid
from CausalCLIPSegLib.notes.heard import Heard, heard_in
from CausalCLIPSegLib.terminology import DEFAULT_KIND, FINDINGS

if TYPE_CHECKING:
    from CausalCLIPSegLib.mask.lung_extent import LungExtent
    from CausalCLIPSegLib.notes.expression import ReferringExpression, Zone
    from CausalCLIPSegLib.radiograph import Radiograph


@dataclass(frozen=True)
class Provenance:
    """What produced a result, in enough detail to reproduce it.

    Attributes:
        checkpoint_name, checkpoint_version: from the checkpoint's card.
        checkpoint_sha256: SHA-256 of the weights file, 64 hexadecimal digits.
        device: "cpu" or "cuda".
        version: version of this program.
        seconds: wall-clock seconds by stage ("text", "image", "resample").
        engine: what ran the network: "onnx" or "torch"; empty for a result of an earlier version.
        server: host and port of the server that ran it; empty: this computer.
        architecture: of the network, "causalclipseg" or "reclmis".
    """

    checkpoint_name: str
    checkpoint_version: str
    checkpoint_sha256: str
    device: str
    version: str
    seconds: dict[str, float]
    engine: str = ""
    server: str = ""
    architecture: str = "causalclipseg"


@dataclass(frozen=True, eq=False)
class Segment:
    """One segmented finding on one side.

    Attributes:
        identifier: unique within the result and stable between runs, for instance "infection_right".
        name: for people, for instance "Opacity, right lung".
        side: the patient's side.
        mask: bool, rows x columns of the radiograph.
        color: red, green, blue, each in [0, 1].
        kind: the finding's name in the lexicon of notes, for instance "consolidation"; a key of
            `terminology.FINDINGS`.
    """

    identifier: str
    name: str
    side: Side
    mask: npt.NDArray[np.bool_]
    color: tuple[float, float, float]
    kind: str = DEFAULT_KIND


@dataclass(frozen=True, eq=False)
class Candidate:
    """An area that the radiograph shows outside the places of the note: for a person to look at, never segmented.

    Attributes:
        segment: its mask, and what a segment made of it would be called; the identifier is "not_in_note_1" and so on.
        zones: the zones of the patient's lung that it lies in, from the top.
        highest: its highest probability, in [0, 1].
        denied: the note says that this place holds no finding.
    """

    segment: Segment
    zones: tuple[Zone, ...]
    highest: float
    denied: bool = False

    @property
    def place(self) -> str:
        """Where it lies, in words: "left upper and middle zones"; sides are the patient's."""
        return place_name(self.segment.side, self.zones)

    @property
    def sentence(self) -> str:
        """What a person should know about it."""
        denied = ", which the note calls clear" if self.denied else ""
        return f"Not in the note: {self.place}{denied} (highest probability {probability_text(self.highest)})."


@dataclass(frozen=True, eq=False)
class NetworkMap:
    """A map that a network gives for people to look at; docs/maps.md says what each is worth.

    Attributes:
        name: of the map, as the network gives it; `maps.KNOWN` describes those of this program's networks.
        values: float32 of at least 0, h x w, on a grid of the network, oriented as the radiograph. Show them over
            their own range, because they may lie close together.
    """

    name: str
    values: npt.NDArray[np.float32]

    @property
    def range(self) -> tuple[float, float]:
        """The lowest and the highest value."""
        return float(self.values.min()), float(self.values.max())


@dataclass(frozen=True)
class WordWeight:
    """A word of the prompt, and its share of the network's interest, in [0, 1].

    The shares of all words sum to less than 1: the rest belongs to punctuation and to the ends of the prompt.

    Attributes:
        word: in lower case.
        weight: the share.
        spans: where the note says it: the first character, and the one after the last; empty if only the prompt has
            the word.
    """

    word: str
    weight: float
    spans: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, eq=False)
class SegmentationResult:
    """The segmentation of what a note refers to, on the radiograph's own grid, and how it was made.

    Attributes:
        radiograph: the radiograph that was segmented.
        note: the text of the note as it was given.
        expression: the parsed note; sides are the patient's.
        prompt: the text given to the network, in the checkpoint's laterality.
        laterality: whose left and right the prompt means: "patient" or "viewer".
        probability: float32 in [0, 1], rows x columns.
        threshold: a pixel belongs to the mask if its probability reaches this value.
        network_attention: float32 in [0, 1], h x w: the network's own grid of `causal_attention`.
        segments: one for each side that holds part of the mask, the patient's right before the left.
        provenance: checkpoint, device, program version and seconds.
        places: for each place that the note names, whether something is there; empty if it names no place.
        candidates: areas outside the places of the note, the patient's right before the left; see docs/places.md.
        extent: where the lungs lie; None if it was not estimated.
        maps: the maps that the network gives beside the probability.
        words: the words of the prompt with their weights, in the prompt's order; empty if the network gives none.
    """

    radiograph: Radiograph
    note: str
    expression: ReferringExpression
    prompt: str
    laterality: Laterality
    probability: npt.NDArray[np.float32]
    threshold: float
    network_attention: npt.NDArray[np.float32]
    segments: tuple[Segment, ...]
    provenance: Provenance
    places: tuple[PlaceStatement, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    extent: LungExtent | None = None
    maps: tuple[NetworkMap, ...] = ()
    words: tuple[WordWeight, ...] = ()

    @cached_property
    def mask(self) -> npt.NDArray[np.bool_]:
        """Bool, rows x columns: true if the probability reaches the threshold."""
        return self.probability >= self.threshold

    @cached_property
    def causal_attention(self) -> npt.NDArray[np.float32]:
        """Float32 in [0, 1], rows x columns: M of Eq. 2, mean over channels and stages; 1 without a masker."""
        return to_radiograph_grid(self.network_attention, *self.radiograph.pixels.shape)

    @cached_property
    def heard(self) -> list[Heard]:
        """The note around the words that the network weighs; empty if it weighs none (`notes.heard`)."""
        return heard_in(self.note, ((each.word, each.weight, each.spans) for each in self.words))

    @property
    def confounder_attention(self) -> npt.NDArray[np.float32]:
        """Float32 in [0, 1], rows x columns: 1 - M of Eq. 2."""
        return np.float32(1) - self.causal_attention


def kind_on(expression: ReferringExpression, side: Side) -> str:
    """Return the kind of finding that a note names on a side of the patient.

    This is the kind of the first certain finding, or else of the first finding. Findings without a side count only if
    no finding names this side. Without any, it is what the expression is about.
    """
    present = [finding for finding in expression.findings if finding.present and finding.kind in FINDINGS]
    candidates = [finding for finding in present if side in finding.sides] or [f for f in present if not f.sides]
    return min(candidates, key=lambda finding: finding.uncertain).kind if candidates else expression.finding

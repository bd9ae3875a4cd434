"""The studies that `python -m training ablate` knows: their configurations, their arms and the arm of reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

StudyName = Literal["reclmis", "referring"]


@dataclass(frozen=True)
class Study:
    """Runs that differ in one part of their recipe.

    Attributes:
        configs: the configurations of all runs, from training/configs, each over the one before it.
        arms: the settings of each arm, as options of `fit`.
        reference: the arm that the others are compared with.
        refers: also measure on validation how the averaged weights follow the place that a note names.
    """

    configs: tuple[str, ...]
    arms: dict[str, dict[str, str]]
    reference: str
    refers: bool = False


def _objective(
    vision: float = 1,
    language: float = 1,
    contrast: float = 0.2,
    *,
    conditions: bool = True,
    equal_notes: bool = False,
) -> dict[str, str]:
    settings = {
        "vision_weight": vision,
        "language_weight": language,
        "contrastive_weight": contrast,
        "conditions": conditions,
        "equal_notes_are_positive": equal_notes,
    }
    return {f"model.reclmis.{name}": str(value).lower() for name, value in settings.items()}


STUDIES: dict[StudyName, Study] = {
    # Which parts of the objective of RecLMIS help; the first rows are those of Table III of its paper.
    "reclmis": Study(
        configs=("default.yaml", "ablation.yaml", "reclmis_ablation.yaml"),
        arms={
            "no text": {**_objective(0, 0, 0), "data.note_dropout": "1.0"},
            "CI": _objective(0, 0, 0),
            "CI + CVR": _objective(1, 0, 0),
            "CI + CLR": _objective(0, 1, 0),
            "all": _objective(),
            "all, no conditions": _objective(conditions=False),
            "all, equal notes positive": _objective(equal_notes=True),
        },
        reference="CI",
    ),
    # Which parts of the recipe of referring.yaml make a network follow the place that a note names.
    "referring": Study(
        configs=("default.yaml", "ablation.yaml", "referring_ablation.yaml"),
        arms={
            "reference": {},
            "without note intervention": {"data.interventions": "0"},
            "without causal intervention": {"model.causal_intervention": "false"},
            # The whole decoder of referring_ablation.yaml, because an option replaces it as a whole.
            "without conditioning": {"model.network.decoder": '{"channels": [96], "factors": [2]}'},
            "finer decoder": {
                "model.network.decoder": '{"channels": [96, 48], "factors": [2, 2], "conditioning": 2}',
            },
            "borders count more": {"model.border_weight": "2"},
            "places say a number": {"data.implied_count": "true"},
            "own zone overrules": {"data.own_zone_overrules": "true"},
            # Either the own note or a place: with 1.0 the network would never see an own note.
            "one note per radiograph": {"data.notes_per_image": "1", "data.interventions": "0.5"},
        },
        reference="reference",
        refers=True,
    ),
}

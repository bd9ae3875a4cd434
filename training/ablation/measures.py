"""Measure a run on validation as the program would use its weights: one view, threshold 0.5."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from safetensors.torch import save_file

from CausalCLIPSegLib.model.card import Card, write_card
from CausalCLIPSegLib.model.checkpoint import WEIGHTS
from CausalCLIPSegLib.network.architectures import read_configuration
from CausalCLIPSegLib.regular_files import sha256
from CausalCLIPSegLib.segmenter import Segmenter
from training.data.splits import read_split, subsample_evenly
from training.evaluation.conditions import Conditions
from training.evaluation.evaluate import measure
from training.evaluation.measures import ComparedCase, Measures
from training.export.checkpoint import network_of, read_weights
from training.yaml_file import read_yaml


def measure_run(run: Path, data: Path, limit: int) -> dict[str, float]:
    """Return the measures of a run by name, in percent; a measure that no radiograph allows is missing.

    Args:
        run: the folder of the run, with config.yaml and checkpoints/last.ckpt, whose averaged weights are measured.
        data: the folder of the data set.
        limit: how many radiographs of validation are measured, spread evenly over it.

    Raises:
        CheckpointError: the run has no network, or its network returns values that are no probabilities.
        DatasetError: the validation split cannot be used.
    """
    samples = subsample_evenly(read_split(data, "val"), limit)
    with TemporaryDirectory() as folder:
        segmenter = _segmenter(run, Path(folder), samples[0].laterality)
    conditions = Conditions(("none",), referring=True)
    cases = [ComparedCase(sample.name, {"run": measure(segmenter, sample, conditions)}) for sample in samples]
    return Measures(cases).means("run")


def _segmenter(run: Path, folder: Path, laterality: str) -> Segmenter:
    """Load the averaged weights of a run; `folder` holds a checkpoint until it is loaded."""
    config = run / "config.yaml"
    save_file(
        {name: tensor.contiguous() for name, tensor in read_weights(run / "checkpoints" / "last.ckpt").items()},
        folder / WEIGHTS,
    )
    card = {
        "name": run.parent.name,
        "network": read_configuration(network_of(config)),
        "sha256": sha256(folder / WEIGHTS),
        "laterality": laterality,
        "implied_count": read_yaml(config)["data"]["implied_count"],
        "finding": "Pulmonary infection",
        "threshold": 0.5,
        "training": {},
        "figures": {},
        "limits": [],
        **dict.fromkeys(("version", "summary", "preprocessing", "intended_use", "licence"), ""),
    }
    write_card(Card.model_validate(card), folder)
    return Segmenter.from_checkpoint(folder, engine="torch")

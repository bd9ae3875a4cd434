"""Describing a result takes about a second on a large radiograph, so one run describes it only once."""

from __future__ import annotations

import sys
import warnings
from collections import Counter
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file

from CausalCLIPSegLib.cli.segment import segment
from CausalCLIPSegLib.export.report import describe_result
from CausalCLIPSegLib.mask.description import disagreements
from CausalCLIPSegLib.mask.lung_extent import lung_extent


@pytest.fixture
def calls(monkeypatch) -> Counter[str]:
    """How often the functions that describe a result were called, wherever they were imported."""
    counts: Counter[str] = Counter()

    def counted(function):
        def count(*args, **kwargs):
            counts[function.__name__] += 1
            return function(*args, **kwargs)

        return count

    for function in (describe_result, disagreements, lung_extent):
        replacement = counted(function)
        for module in [module for name, module in sys.modules.items() if name.startswith("CausalCLIPSegLib")]:
            for name in [name for name, value in vars(module).items() if value is function]:
                monkeypatch.setattr(module, name, replacement)
    return counts


def test_segment_describes_its_result_once(calls, tiny_checkpoint_to_read, tmp_path, monkeypatch):
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)  # the command replaces it
    segment(
        Path(get_testdata_file("RG1_UNCR.dcm")),
        note="Bilateral opacities.",
        output=tmp_path / "result",
        checkpoint=str(tiny_checkpoint_to_read),
        device="cpu",
    )
    assert (tmp_path / "result" / "result.json").is_file()
    assert (tmp_path / "result" / "overlay.png").is_file()
    assert calls == {"describe_result": 1, "disagreements": 1, "lung_extent": 1}

"""The metrics of an evaluation as people read them."""

import io

import pytest
from rich.console import Console

from training.evaluation.report import print_metrics
from training.evaluation.side_adherence import SideAdherence


def printed(adherence: SideAdherence) -> str:
    console = Console(file=io.StringIO(), width=300)
    metrics = {"n": 0, "by_side": {}, "by_size": {}, "interval": None, "calibration": None, "refused": 0}
    metrics |= {"seconds_per_image": 0.5, "device": "cpu", "listening": adherence.metrics()}
    print_metrics(console, metrics, "a checkpoint")
    return console.file.getvalue()


@pytest.mark.parametrize("own", [0, 8])
@pytest.mark.parametrize("swapped", [0, 6])
def test_a_share_of_an_empty_outline_is_a_dash(own, swapped):
    shown = printed(SideAdherence(2, own, own // 2, swapped, swapped // 3))
    assert "None" not in shown
    assert ("named by the note: 50.0 %" if own else "named by the note: -") in shown
    assert ("named after the swap: 33.33 %" if swapped else "named after the swap: -") in shown

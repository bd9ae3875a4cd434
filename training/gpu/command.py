"""The commands that pack a data set, and train on the pack within minutes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from CausalCLIPSegLib.cli.console import out
from CausalCLIPSegLib.errors import CausalCLIPSegError
from training.data.splits import read_split
from training.options import DataOption

# Both commands import torch only when they run, so that --help starts quickly.


def pack(
    data: DataOption,
    output: Annotated[Path, typer.Option(help="The file to write.")],
    size: Annotated[int, typer.Option(min=32, help="Rows and columns of the network's input.")] = 224,
    quality: Annotated[int, typer.Option(min=0, max=100, help="Of the images, in WebP.")] = 90,
    cache: Annotated[Path | None, typer.Option(help="Folder of decoded images, as of `fit --data.cache`.")] = None,
) -> None:
    """Pack the training and the validation split into one small file for `fit-gpu`."""
    from training.data.cache import cached, decode_all
    from training.gpu.pack import PACKED, write_pack

    samples = {split: read_split(data, split) for split in PACKED}
    write_pack(
        output,
        {
            split: (rows, decode_all(rows, size) if cache is None else cached(rows, size, cache))
            for split, rows in samples.items()
        },
        quality,
    )
    numbers = ", ".join(f"{len(rows)} of {split}" for split, rows in samples.items())
    out.print(f"{output}: {output.stat().st_size / 1e6:.1f} MB, radiographs: {numbers}")


def fit_gpu(
    context: typer.Context,
    packed: Annotated[Path, typer.Option("--pack", help="The file that `pack` wrote.")],
    output: Annotated[Path, typer.Option(help="Folder of the runs; a stopped run continues.")],
    minutes: Annotated[float, typer.Option(min=0.01, help="Minutes of training for each seed.")] = 8.0,
    seeds: Annotated[str, typer.Option(help="Random seeds, separated by commas; one run for each.")] = "1",
    steps: Annotated[int | None, typer.Option(min=1, help="End after this many steps instead.")] = None,
    bfloat16: Annotated[bool, typer.Option(help="Compute in bfloat16.")] = True,
    device: Annotated[str, typer.Option(help="PyTorch's name of the device; by default a GPU if there is one.")] = "",
) -> None:
    """Train a configuration for some minutes on one GPU; further options are those of `fit`, first of all --config."""
    import torch

    from training.gpu.loop import Budget, read_configuration, train
    from training.gpu.pack import PACKED, read_pack

    place = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    splits = {split: read_pack(packed, split) for split in PACKED}
    budget = Budget(minutes, steps, bfloat16=bfloat16)
    for seed in parse_seeds(seeds):
        cli = read_configuration(context.args, seed)
        metrics = train(cli, splits, output / f"seed_{seed}", budget, place)
        values = ", ".join(f"{name} {value:g}" for name, value in metrics.items())
        out.print(f"seed {seed} on {place}: {values}")


def parse_seeds(text: str) -> list[int]:
    """Return the seeds of a list.

    Raises:
        CausalCLIPSegError: one of them is no whole number of at least 0.
    """
    words = [word.strip() for word in text.split(",")]
    if not all(word.isdecimal() for word in words):
        raise CausalCLIPSegError(f"“{text}” is no list of seeds; write, for instance, 1,2,3.")
    return list(dict.fromkeys(int(word) for word in words))

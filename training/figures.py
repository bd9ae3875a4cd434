"""Write matplotlib figures to files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from CausalCLIPSegLib.atomic_files import write_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def write_figure(figure: Figure, path: Path) -> None:
    """Write a figure as a PNG file; an existing file is replaced.

    Raises:
        OutputError: the file cannot be written.
    """
    write_file(path, lambda hidden: figure.savefig(hidden, format="png", dpi=110), force=True)

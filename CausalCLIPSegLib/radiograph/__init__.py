"""Read chest radiographs from image files, or take their pixels from another program.

The names load when they are first used (PEP 562): the command line needs the names of the formats, but not NumPy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from CausalCLIPSegLib.radiograph.array import radiograph_from_array
    from CausalCLIPSegLib.radiograph.radiograph import Radiograph
    from CausalCLIPSegLib.radiograph.reader import read_radiograph

__all__ = ["Radiograph", "radiograph_from_array", "read_radiograph"]

_MODULES = {"Radiograph": "radiograph", "radiograph_from_array": "array", "read_radiograph": "reader"}


if not TYPE_CHECKING:  # so that type checkers still report a name that does not exist

    def __getattr__(name: str) -> Any:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
        globals()[name] = value
        return value

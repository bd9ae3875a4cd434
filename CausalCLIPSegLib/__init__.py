"""CausalCLIPSeg: segment on a chest radiograph what a radiology note refers to. For research, not for diagnosis.

    from CausalCLIPSegLib import Segmenter, read_radiograph, write_result

    segmenter = Segmenter.from_checkpoint("default")
    result = segmenter.segment(read_radiograph("image.dcm"), "Left basal opacity.")
    write_result(result, "result")

docs/python.md is the guide. The names in `__all__` load when they are first used (PEP 562), so that importing this
package is quick and loads neither NumPy nor torch nor pydicom.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from CausalCLIPSegLib.about import __version__

if TYPE_CHECKING:
    from CausalCLIPSegLib.errors import CausalCLIPSegError
    from CausalCLIPSegLib.export import describe_result, write_result
    from CausalCLIPSegLib.notes import ReferringExpression, choose_side, parse_note
    from CausalCLIPSegLib.radiograph import Radiograph, read_radiograph
    from CausalCLIPSegLib.radiograph.array import radiograph_from_array
    from CausalCLIPSegLib.result import SegmentationResult
    from CausalCLIPSegLib.segmenter import Segmenter

__all__ = [
    "CausalCLIPSegError",
    "Radiograph",
    "ReferringExpression",
    "SegmentationResult",
    "Segmenter",
    "__version__",
    "choose_side",
    "describe_result",
    "parse_note",
    "radiograph_from_array",
    "read_radiograph",
    "write_result",
]

_MODULES = {
    "CausalCLIPSegError": "errors",
    "Radiograph": "radiograph",
    "ReferringExpression": "notes",
    "SegmentationResult": "result",
    "Segmenter": "segmenter",
    "choose_side": "notes",
    "describe_result": "export",
    "parse_note": "notes",
    "radiograph_from_array": "radiograph.array",
    "read_radiograph": "radiograph",
    "write_result": "export",
}
"""The module of each public name, relative to this package."""


if not TYPE_CHECKING:  # so that type checkers still report a name that does not exist

    def __getattr__(name: str) -> Any:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})

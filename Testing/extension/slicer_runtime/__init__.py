"""A stand-in for the part of Slicer's application that the extension uses: PySide6 for Qt, slicer-core for MRML.

`start()` provides `qt`, `ctk` and the missing parts of `slicer` to the modules of the extension. The widgets and the
scene are real; anything missing raises AttributeError, as a mistyped name does in Slicer. If the environment variable
CAUSALCLIPSEG_SLICER_SOURCE names a folder of Slicer's source code, Slicer's own `parameterNodeWrapper` and `i18n`
replace those here; the base classes of a module are always those of `scripted_module.py`.
"""

from slicer_runtime.application import Application, start

__all__ = ["Application", "start"]

"""A stand-in for the part of Slicer's application that the extension uses: PySide6 for Qt, slicer-core for MRML.

`start()` puts `qt`, `ctk` and the missing parts of `slicer` where a module of Slicer finds them. Widgets are real, the
scene is real; what is not here fails with AttributeError, as a mistyped name does in Slicer. With the environment
variable CAUSALCLIPSEG_SLICER_SOURCE, a folder of Slicer's source code, Slicer's own `parameterNodeWrapper` and `i18n`
take the place of those here; the base classes of a module stay those of `scripted_module.py`.
"""

from slicer_runtime.application import Application, start

__all__ = ["Application", "start"]

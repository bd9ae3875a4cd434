"""The type of function through which a job reports its progress."""

from __future__ import annotations

from collections.abc import Callable

ProgressCallback = Callable[[str, float], None]
"""Called with the name of a phase and the fraction of the job that is done.

It raises if the request was canceled. Fraction 1 means that the files are about to appear: from then on the job can
no longer be canceled.
"""

"""Recognize an error that means too little memory, whichever library raises it."""

from __future__ import annotations

import errno
import re

TOO_LITTLE_MEMORY = (
    "This computer has too little memory for this at present; close other programs, or take a smaller image or a "
    "computer with more memory."
)

MIN_BYTES = 500_000_000
"""Address space that the libraries take; ONNX Runtime and OpenBLAS end the process if it is a little too small."""

_MESSAGES = re.compile(
    r"failed to map segment|cannot allocate memory(?! in static TLS)|can't allocate memory|bad_?alloc|bad allocation"
    r"|out of memory|not enough memory|unable to allocate|failed to allocate|memoryallocation|can't start new thread"
    r"|insufficient memory|cannot create (?:file mapping|thread)",
    re.IGNORECASE,
)
"""What native libraries say: the loader of shared libraries, torch, ONNX Runtime, ITK, OpenBLAS, Python's threads."""

_NATIVE = (ImportError, RuntimeError, OSError, SystemError)
_failed_imports = False


def has_memory_to_start() -> bool:
    """Return whether this process may take `MIN_BYTES`. With less, native libraries end it or wait forever."""
    try:
        import resource
    except ImportError:  # Windows
        return True
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return limit == resource.RLIM_INFINITY or limit >= MIN_BYTES


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error, or one that it was raised from, means that there is too little memory.

    After an import has failed for lack of memory, its library stays half-loaded in this process, and later imports
    fail in other ways; these count, too.
    """
    global _failed_imports
    chain = _chain(error)
    if any(_says_so(each) for each in chain):
        _failed_imports = _failed_imports or any(isinstance(each, ImportError) for each in chain)
        return True
    return _failed_imports and any(isinstance(each, (ImportError, AttributeError)) for each in chain)


def _says_so(error: BaseException) -> bool:
    if isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM:
        return True
    is_onnx = type(error).__module__.startswith("onnxruntime")
    return (isinstance(error, _NATIVE) or is_onnx) and _MESSAGES.search(str(error)) is not None


def _chain(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in chain:
        chain.append(cause)
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return chain

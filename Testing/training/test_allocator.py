"""A training keeps freed memory: the same array again takes no new pages from the system."""

import platform
import subprocess
import sys

import pytest

_CODE = """
import resource, sys
import numpy as np
from training.fitting.allocator import keep_freed_memory
if sys.argv[1] == "keep":
    keep_freed_memory()
def fill():
    np.empty(1 << 26, np.uint8).fill(1)
fill()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
fill()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has mallopt")
def test_keeps_freed_memory():
    new_pages = {
        mode: int(subprocess.run([sys.executable, "-c", _CODE, mode], capture_output=True, check=True).stdout)
        for mode in ("keep", "return")
    }
    assert new_pages["keep"] < 10 < new_pages["return"]

"""Who may use the server: named keys, compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import stat
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from CausalCLIPSegLib.errors import CausalCLIPSegError, reason_of
from CausalCLIPSegLib.regular_files import open_regular

ENVIRONMENT = "CAUSALCLIPSEG_SERVE_KEYS"
"""Environment variable with keys, in the form of a key file."""

LOCAL = "local"
"""Name of the random token of a server for this computer only."""

MIN_LENGTH = 20
"""Characters of a key. `openssl rand -hex 32` makes 64."""

_MAX_BYTES = 1 << 16
_LINE = re.compile(r"([A-Za-z0-9._-]{1,64})\s*[:=]\s*([!-~]+)")


class Keys:
    """The keys, each with the name of those who use it.

    Args:
        keys: by name.
    """

    def __init__(self, keys: dict[str, str]) -> None:
        self._digests = {name: _digest(key) for name, key in keys.items()}

    def name_of(self, key: str) -> str | None:
        """Return the name of a key, or None; the time that this takes tells nothing about the keys."""
        digest, found = _digest(key), None
        for name, each in self._digests.items():
            if hmac.compare_digest(digest, each):
                found = name
        return found


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


def new_token() -> str:
    """Return a random key of 256 bits."""
    return secrets.token_urlsafe(32)


def read_keys(path: Path | None) -> dict[str, str]:
    """Return the keys in a file and in the environment, by name; {} if there are none.

    A line is `NAME: KEY`; lines that begin with # are comments.

    Raises:
        CausalCLIPSegError: the file cannot be read or is open to other users, or a line cannot be used.
    """
    keys = _parse(os.environ.get(ENVIRONMENT, ""), f"The environment variable {ENVIRONMENT}")
    if path is not None:
        try:
            with open_regular(path) as file:
                if os.name == "posix" and os.fstat(file.fileno()).st_mode & stat.S_IRWXO:
                    raise CausalCLIPSegError(f"All users can read the keys in {path}: chmod 600 makes it private.")
                text = file.read(_MAX_BYTES).decode()
        except OSError as error:
            raise CausalCLIPSegError(f"The keys in {path} cannot be read: {reason_of(error)}.") from None
        except UnicodeDecodeError:
            raise CausalCLIPSegError(f"{path} is not a text file with keys.") from None
        keys |= _parse(text, f"The file {path}")
    return keys


def _parse(text: str, source: str) -> dict[str, str]:
    keys: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None:  # the line is not quoted: it may hold a key
            raise CausalCLIPSegError(f"{source} has a line that is not NAME: KEY (line {number}).")
        name, key = match.groups()
        if len(key) < MIN_LENGTH:
            raise CausalCLIPSegError(f"{source}: the key of {name} has fewer than {MIN_LENGTH} characters.")
        if name in keys:
            raise CausalCLIPSegError(f"{source} names {name} twice.")
        keys[name] = key
    return keys


class FailureLimit:
    """Counts wrong keys by address, so that keys cannot be guessed.

    Args:
        failures: wrong keys in a minute, after which the address has to wait until the minute is over.
        clock: returns monotonic seconds.
    """

    _SECONDS = 60
    _ADDRESSES = 10_000

    def __init__(self, failures: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._failures = failures
        self._clock = clock
        self._counts: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def wait_of(self, address: str) -> float:
        """Return the seconds that an address has to wait; 0 if it need not."""
        start, count = self._counts.get(address, (0.0, 0))
        remaining = start + self._SECONDS - self._clock()
        return remaining if count >= self._failures and remaining > 0 else 0

    def count(self, address: str) -> None:
        """Count a wrong key."""
        now = self._clock()
        start, count = self._counts.pop(address, (now, 0))
        self._counts[address] = (now, 1) if now - start >= self._SECONDS else (start, count + 1)
        if len(self._counts) > self._ADDRESSES:
            self._counts.popitem(last=False)

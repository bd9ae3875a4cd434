"""What the processes that this server starts know of it: no key and no password."""

from __future__ import annotations

import os
from pathlib import Path

_SECRETS = ("CAUSALCLIPSEG_SERVE_", "CAUSALCLIPSEG_PACS_")


def child_environment(folder: Path, **variables: str) -> dict[str, str]:
    """Return the environment of a child that works in a folder; it reads files of others, so it gets no secrets."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_SECRETS)}
    return {**inherited, "TMPDIR": str(folder), **variables}

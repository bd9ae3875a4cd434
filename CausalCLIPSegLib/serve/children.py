"""What the processes that this server starts know of it: where the program is, but no key and no password."""

from __future__ import annotations

import os
from pathlib import Path

_SECRETS = ("CAUSALCLIPSEG_SERVE_", "CAUSALCLIPSEG_PACS_")
_PROGRAM = Path(__file__).parents[2]


def child_environment(folder: Path, **variables: str) -> dict[str, str]:
    """Return the environment of a child that works in a folder; it reads files of others, so it gets no secrets."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_SECRETS)}
    program = os.pathsep.join(filter(None, [str(_PROGRAM), inherited.get("PYTHONPATH")]))
    return {**inherited, "PYTHONPATH": program, "TMPDIR": str(folder), **variables}

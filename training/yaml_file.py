"""Read settings from YAML files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from CausalCLIPSegLib.errors import CheckpointError


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the mapping that a YAML file holds.

    Raises:
        CheckpointError: the file cannot be read, or does not hold a mapping.
    """
    try:
        with path.open(encoding="utf-8") as file:
            content = yaml.safe_load(file)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise CheckpointError(f"The file {path} cannot be read as YAML.") from error
    if not isinstance(content, dict):
        raise CheckpointError(f"The file {path} holds no settings.")
    return content

"""The files of a folder by the name that an image, its mask and its row share."""

from __future__ import annotations

from pathlib import Path

from training.data.sample import DatasetError, stem

_NO_IMAGES = frozenset({"thumbs.db", "desktop.ini"})
"""Files that Windows adds to folders; those of other systems begin with a dot."""


def key_of(name: str) -> str:
    """Return what an image, its mask and its row share, whatever the extension and the capitals."""
    return stem(name.casefold())


def files_by_key(folder: Path) -> dict[str, Path]:
    """Return the files of a folder by `key_of`.

    Raises:
        DatasetError: there is no such folder, or two files have the name of one image.
    """
    if not folder.is_dir():
        raise DatasetError(f"The data set has no folder {folder.parent.name}/{folder.name}.")
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.is_file() and not path.name.startswith(".") and path.name.casefold() not in _NO_IMAGES:
            other = found.setdefault(key_of(path.name), path)
            if other != path:
                raise DatasetError(f"The files {other.name} and {path.name} in {folder.name} belong to one image.")
    return found

"""What a film is called without the ending of its file."""

from __future__ import annotations

ENDINGS = (".nii.gz", ".nii", ".nrrd", ".dcm", ".dicom", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp")


def film_name(file_name: str) -> str:
    """Return the name of a film's file without its ending; what is no ending stays, as the last part of a UID."""
    ending = next((each for each in ENDINGS if file_name.lower().endswith(each)), "")
    return file_name[: len(file_name) - len(ending)] or file_name

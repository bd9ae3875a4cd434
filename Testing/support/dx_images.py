"""Chest films of many kinds, made for the tests: each is what some hospital sends."""

from __future__ import annotations

from pathlib import Path
from shutil import copyfile
from typing import Any

import deid_data
import numpy as np
from pydicom import Dataset, dcmread, uid
from pydicom.data import get_testdata_file
from pydicom.dataset import FileMetaDataset

TYPE_2 = (
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "StudyID"),
    *("AccessionNumber", "ReferringPhysicianName"),
)

KINDS: dict[str, dict[str, Any]] = {
    "monochrome1": {"PhotometricInterpretation": "MONOCHROME1"},
    "8 bit": {"bits": 8},
    "10 bit": {"bits": 10},
    "12 bit": {"bits": 12},
    "14 bit": {"bits": 14},
    "16 bit": {"bits": 16},
    "implicit VR": {"syntax": uid.ImplicitVRLittleEndian},
    "RLE": {"syntax": uid.RLELossless},
    "JPEG-LS": {"syntax": uid.JPEGLSLossless},
    "JPEG 2000": {"syntax": uid.JPEG2000Lossless},
    "JPEG lossless": {"syntax": uid.JPEGLosslessSV1, "shape": (1024, 256), "bits": 16},
    "no spacing": {"PixelSpacing": None},
    "zero spacing": {"PixelSpacing": [0, 0]},
    "only imager spacing": {"PixelSpacing": None, "ImagerPixelSpacing": [0.1, 0.2]},
    "both spacings": {"ImagerPixelSpacing": [0.3, 0.4]},
    "odd size": {"shape": (47, 37), "bits": 16},
    "one column more than bytes": {"shape": (33, 41), "bits": 16},
    "lossy": {
        "LossyImageCompression": "01",
        "LossyImageCompressionRatio": 10.5,
        "LossyImageCompressionMethod": "ISO_10918_1",
    },
    "no type 2": dict.fromkeys(TYPE_2),
    "names": {"PatientName": "Müller^Jürgen=山田^太郎", "PatientID": "Ä-1"},
    "computed radiography": {"SOPClassUID": uid.ComputedRadiographyImageStorage, "Modality": "CR"},
    "secondary capture": {"SOPClassUID": uid.SecondaryCaptureImageStorage, "Modality": "OT"},
}
"""Arguments of `make_dx`; those not named are MONOCHROME2, 12 bit, raw, with PixelSpacing alone."""

REAL = {
    "real CR": Path(str(get_testdata_file("RG1_UNCR.dcm", download=False))),
    "real DX": Path(deid_data.__file__).parent / "data/animals/cat.dcm",
}


def make_dx(
    shape: tuple[int, int] = (48, 40), bits: int = 12, syntax: str = uid.ExplicitVRLittleEndian, **elements: Any
) -> Dataset:
    """Return a DX film; keywords replace elements or, with None, remove them."""
    film = Dataset()
    film.file_meta = FileMetaDataset()
    film.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    film.SpecificCharacterSet = "ISO_IR 192"
    film.SOPClassUID = uid.DigitalXRayImageStorageForPresentation
    film.StudyInstanceUID, film.SeriesInstanceUID, film.SOPInstanceUID = (f"2.25.10{n}" for n in range(3))
    film.PatientName, film.PatientID, film.PatientBirthDate, film.PatientSex = "Doe^Jane", "1", "19700101", "F"
    film.StudyDate, film.StudyTime, film.StudyID, film.AccessionNumber = "20200101", "120000", "1", "2"
    film.ReferringPhysicianName, film.Modality = "", "DX"
    film.SamplesPerPixel, film.PhotometricInterpretation = 1, "MONOCHROME2"
    film.Rows, film.Columns = shape
    film.BitsAllocated, film.BitsStored, film.HighBit = (8 if bits <= 8 else 16), bits, bits - 1
    film.PixelRepresentation = 0
    film.PixelSpacing = [0.2, 0.15]
    values = np.random.default_rng(0).integers(0, 2**bits, shape)
    film.PixelData = values.astype(np.uint8 if bits <= 8 else np.uint16).tobytes()
    for keyword, value in elements.items():
        if value is None:
            delattr(film, keyword)
        else:
            setattr(film, keyword, value)
    if syntax == uid.JPEGLosslessSV1:
        _take_pixels(film, dcmread(str(get_testdata_file("JPEG-LL.dcm", download=False))))
    elif uid.UID(syntax).is_encapsulated:
        film.compress(syntax)
    else:
        film.file_meta.TransferSyntaxUID = syntax
    return film


def dx_of_kind(kind: str) -> Dataset | Path:
    """Return a film of a kind; the path of its file where it is a real one."""
    return REAL[kind] if kind in REAL else make_dx(**KINDS[kind])


def save_dx(film: Dataset | Path, path: Path) -> None:
    """Write a film, or a copy of its file."""
    if isinstance(film, Path):
        copyfile(film, path)
        return
    film.file_meta.MediaStorageSOPClassUID = film.SOPClassUID
    film.file_meta.MediaStorageSOPInstanceUID = film.SOPInstanceUID
    film.save_as(path, enforce_file_format=True)


def _take_pixels(film: Dataset, donor: Dataset) -> None:
    """Nothing at hand writes JPEG lossless, so a film of the same size gives its pixels."""
    assert (film.Rows, film.Columns, film.BitsStored) == (donor.Rows, donor.Columns, donor.BitsStored)
    film.file_meta.TransferSyntaxUID = donor.file_meta.TransferSyntaxUID
    film["PixelData"] = donor["PixelData"]

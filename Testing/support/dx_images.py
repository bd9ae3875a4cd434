"""DICOM radiographs of many kinds, as different hospitals send them, made for the tests."""

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
"""Arguments of `make_dx`. By default it makes MONOCHROME2 of 12 bits, uncompressed, with PixelSpacing only."""

REAL = {
    "real CR": Path(str(get_testdata_file("RG1_UNCR.dcm", download=False))),
    "real DX": Path(deid_data.__file__).parent / "data/animals/cat.dcm",
}


def make_dx(
    shape: tuple[int, int] = (48, 40), bits: int = 12, syntax: str = uid.ExplicitVRLittleEndian, **elements: Any
) -> Dataset:
    """Return a DX data set; `elements` replaces some of its elements, and None removes an element."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID = uid.DigitalXRayImageStorageForPresentation
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.SOPInstanceUID = (f"2.25.10{n}" for n in range(3))
    dataset.PatientName, dataset.PatientID = "Doe^Jane", "1"
    dataset.PatientBirthDate, dataset.PatientSex = "19700101", "F"
    dataset.StudyDate, dataset.StudyTime, dataset.StudyID, dataset.AccessionNumber = "20200101", "120000", "1", "2"
    dataset.ReferringPhysicianName, dataset.Modality = "", "DX"
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows, dataset.Columns = shape
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = (8 if bits <= 8 else 16), bits, bits - 1
    dataset.PixelRepresentation = 0
    dataset.PixelSpacing = [0.2, 0.15]
    values = np.random.default_rng(0).integers(0, 2**bits, shape)
    dataset.PixelData = values.astype(np.uint8 if bits <= 8 else np.uint16).tobytes()
    for keyword, value in elements.items():
        if value is None:
            delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)
    if syntax == uid.JPEGLosslessSV1:
        _take_pixels(dataset, dcmread(str(get_testdata_file("JPEG-LL.dcm", download=False))))
    elif uid.UID(syntax).is_encapsulated:
        dataset.compress(syntax)
    else:
        dataset.file_meta.TransferSyntaxUID = syntax
    return dataset


def dx_of_kind(kind: str) -> Dataset | Path:
    """Return the data set of a kind in `KINDS`, or the path of the file of a kind in `REAL`."""
    return REAL[kind] if kind in REAL else make_dx(**KINDS[kind])


def save_dx(source: Dataset | Path, path: Path) -> None:
    """Write a data set, or copy a file."""
    if isinstance(source, Path):
        copyfile(source, path)
        return
    source.file_meta.MediaStorageSOPClassUID = source.SOPClassUID
    source.file_meta.MediaStorageSOPInstanceUID = source.SOPInstanceUID
    source.save_as(path, enforce_file_format=True)


def _take_pixels(dataset: Dataset, donor: Dataset) -> None:
    """Copy the pixels of another data set of the same size, because no installed package writes JPEG lossless."""
    assert (dataset.Rows, dataset.Columns, dataset.BitsStored) == (donor.Rows, donor.Columns, donor.BitsStored)
    dataset.file_meta.TransferSyntaxUID = donor.file_meta.TransferSyntaxUID
    dataset["PixelData"] = donor["PixelData"]

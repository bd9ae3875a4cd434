"""Radiographs made for the tests, and the real ones that come with pydicom and pydicom-data."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from pydicom import Dataset, uid
from pydicom.data import get_testdata_file
from pydicom.dataset import FileMetaDataset

ROWS, COLUMNS = 48, 40  # different, so that a transposed image is noticed


@pytest.fixture(scope="session")
def stored() -> npt.NDArray[np.uint16]:
    """Return 12-bit pixel values, 48 x 40, that use the whole range; no two rows or columns are equal."""
    row, column = np.mgrid[:ROWS, :COLUMNS]
    smooth = np.sin(row / 7) * np.cos(column / 5) + row / ROWS
    noise = np.random.default_rng(0).normal(0, 0.02, smooth.shape)
    values = smooth + noise
    values = (values - values.min()) / np.ptp(values)
    return np.round(values * 4095).astype(np.uint16)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return one folder for all examples of a property-based test."""
    return tmp_path_factory.mktemp("images")


@pytest.fixture(scope="session")
def make_dataset() -> Callable[..., Dataset]:
    """Return a function that makes a DX data set of stored values; keywords replace elements; None removes one."""

    def make(stored: npt.NDArray[Any], bits: int = 12, **elements: Any) -> Dataset:
        dataset = Dataset()
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
        dataset.SOPClassUID = uid.DigitalXRayImageStorageForPresentation
        dataset.SOPInstanceUID = "1.2.826.0.1.3680043.8.498.1"
        dataset.Modality = "DX"
        dataset.PatientName = "Doe^Jane"
        dataset.BurnedInAnnotation = "NO"
        dataset.SamplesPerPixel = 1 if stored.ndim == 2 else stored.shape[2]
        if stored.ndim == 3:
            dataset.PlanarConfiguration = 0
        dataset.PhotometricInterpretation = "MONOCHROME2" if stored.ndim == 2 else "RGB"
        dataset.Rows, dataset.Columns = stored.shape[:2]
        dataset.BitsAllocated = stored.dtype.itemsize * 8
        dataset.BitsStored, dataset.HighBit = bits, bits - 1
        dataset.PixelRepresentation = int(stored.dtype.kind == "i")
        dataset.PixelData = stored.tobytes()
        for keyword, value in elements.items():
            if value is None:
                delattr(dataset, keyword)
            else:
                setattr(dataset, keyword, value)
        return dataset

    return make


@pytest.fixture(scope="session")
def dicom_bytes() -> Callable[..., bytes]:
    """Return a function that turns a data set into the bytes of a file."""

    def save(dataset: Dataset) -> bytes:
        buffer = io.BytesIO()
        dataset.file_meta.MediaStorageSOPClassUID = dataset.get("SOPClassUID", "1.2.3")
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        dataset.save_as(buffer, enforce_file_format=True)
        return buffer.getvalue()

    return save


@pytest.fixture
def write_dicom(
    tmp_path: Path, make_dataset: Callable[..., Dataset], dicom_bytes: Callable[..., bytes]
) -> Callable[..., Path]:
    """Return a function that writes a DX file of stored values; see `make_dataset`."""

    def write(stored: npt.NDArray[Any], bits: int = 12, name: str = "image.dcm", **elements: Any) -> Path:
        path = tmp_path / name
        path.write_bytes(dicom_bytes(make_dataset(stored, bits, **elements)))
        return path

    return write


@pytest.fixture(scope="session")
def real_file() -> Callable[[str], Path]:
    """Return a function that finds a test file of pydicom or pydicom-data by its name."""

    def find(name: str) -> Path:
        path = get_testdata_file(name, download=False)
        if path is None:
            pytest.skip(f"{name} is not installed")
        return Path(path)

    return find

"""Find, fetch and store DICOM files in a hospital's archive (PACS), by DICOMweb or DIMSE.

`configuration` says which archive and how to reach it, `archive` defines what every archive can do, and `dicomweb` and
`dimse` implement it. `query` searches from patient down to instance; `pull` and `push` transfer files.
"""

from CausalCLIPSegLib.pacs.archive import Pacs
from CausalCLIPSegLib.pacs.configuration import Archive, DicomWebArchive

__all__ = ["connect"]


def connect(archive: Archive) -> Pacs:
    """Return a client of the archive, to be used in a `with` statement; it connects with the first request."""
    if isinstance(archive, DicomWebArchive):
        from CausalCLIPSegLib.pacs.dicomweb import DicomWeb

        return DicomWeb(archive)
    from CausalCLIPSegLib.pacs.dimse import Dimse

    return Dimse(archive)

"""The archive of a hospital (PACS): look for images, fetch them, store results; by DICOMweb or by DIMSE.

`configuration` says which archive and how it is spoken to, `archive` what every archive can do, `dicomweb` and `dimse`
do it, `query` looks for images from patient to instance, `pull` and `push` are the two ways of the data.
"""

from CausalCLIPSegLib.pacs.archive import Pacs
from CausalCLIPSegLib.pacs.configuration import Archive, DicomWebArchive

__all__ = ["connect"]


def connect(archive: Archive) -> Pacs:
    """Return the archive, ready to be asked; nothing is sent before the first question. Use it in a `with`."""
    if isinstance(archive, DicomWebArchive):
        from CausalCLIPSegLib.pacs.dicomweb import DicomWeb

        return DicomWeb(archive)
    from CausalCLIPSegLib.pacs.dimse import Dimse

    return Dimse(archive)

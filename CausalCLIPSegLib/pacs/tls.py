"""TLS contexts for DIMSE connections."""

from __future__ import annotations

import ssl

from CausalCLIPSegLib.errors import PacsError
from CausalCLIPSegLib.pacs.configuration import DimseArchive


def client_context(archive: DimseArchive) -> ssl.SSLContext:
    """Return the context for connections to the archive, whose certificate is always checked.

    Raises:
        PacsError: client_certificate and client_key do not form a pair.
    """
    return _with_certificate(ssl.create_default_context(cafile=archive.ca_bundle), archive)


def server_context(archive: DimseArchive) -> ssl.SSLContext:
    """Return the context for connections from the archive, which must show a certificate.

    Raises:
        PacsError: client_certificate and client_key do not form a pair.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=archive.ca_bundle)
    context.verify_mode = ssl.CERT_REQUIRED
    return _with_certificate(context, archive)


def _with_certificate(context: ssl.SSLContext, archive: DimseArchive) -> ssl.SSLContext:
    if archive.client_certificate:
        try:
            context.load_cert_chain(archive.client_certificate, archive.client_key)
        except (ssl.SSLError, OSError):
            raise PacsError("client_certificate and client_key are not PEM files that belong together.") from None
    return context

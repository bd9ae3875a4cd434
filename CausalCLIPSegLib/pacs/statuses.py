"""Explain the status codes of storing and retrieving (PS3.4 annexes B and C; PS3.7 annex C; PS3.18 annex I)."""

from CausalCLIPSegLib.pacs.archive import Answer

_WARNINGS = {
    0xB000: "the archive changed some of its attributes",
    0xB006: "the archive left out some of its attributes",
    0xB007: "the archive says that it does not match its class",
}
_FAILURES = {
    0x0106: "an attribute has a value that the archive does not accept",
    0x0110: "the archive failed to process it",
    0x0112: "the archive does not know this instance",
    0x0117: "the archive does not accept its UID",
    0x0118: "the archive does not accept its class",
    0x0122: "the archive does not accept its class",
    0x0124: "the archive does not allow it",
    0x0210: "the archive has received this message twice",
    0x0211: "the archive does not offer this service",
    0x0212: "the archive says that a value is mistyped",
    0xA801: "the archive does not know where to send it: register this program's AE title and address there",
    0xA900: "the archive says that it does not match its class",
    0xFE00: "the archive stopped the operation",
    0xC122: "the archive does not accept its transfer syntax",
}
_DUPLICATE = 0x0111


def failure_message(status: int) -> str:
    """Return what a failure status means, with its number for the archive's administrator."""
    if status in _FAILURES:
        message = _FAILURES[status]
    elif status >> 8 == 0xA7:
        message = "the archive is out of resources"
    elif status >> 8 == 0xA9:
        message = _FAILURES[0xA900]
    elif status >> 12 == 0xC:
        message = "the archive does not understand it"
    else:
        message = "the archive gives no known reason"
    return f"{message} (status 0x{status:04X})"


def store_answer(status: int) -> Answer:
    """Return the outcome for one instance from the status of C-STORE, or from a reason code of STOW-RS."""
    if status == 0:
        return Answer("stored")
    if status == _DUPLICATE:
        return Answer("already there")
    if status >> 12 == 0xB or status in (0x0001, 0x0107, 0x0116):
        message = _WARNINGS.get(status, "the archive warns without a known reason")
        return Answer("stored", f"{message} (warning 0x{status:04X})")
    return Answer("refused", failure_message(status))

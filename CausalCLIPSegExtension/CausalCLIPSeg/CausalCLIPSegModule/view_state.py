"""What the panel shows for a state: texts, what can be used, and why what cannot be used cannot."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

from slicer.i18n import tr as _

from CausalCLIPSegLib import scene
from CausalCLIPSegLib.colors import to_uint8_rgb
from CausalCLIPSegModule import parameters as stored

SIDES = ("", "right", "left", "both")
MIRRORED = ("", "no", "yes")
LATERALITIES = ("patient", "viewer")
DEVICES = ("auto", "cpu", "cuda")
EXPORTS = (("dicom-seg", True), ("dicom-seg", False), ("seg-nrrd", True), ("picture", True))
"""Formats in the order of the list, and whether a file is asked for."""

_OF_AN_INPUT = (
    "imageSelector",
    "sampleButton",
    "noteEdit",
    "pasteButton",
    "noteFileButton",
    "historyCombo",
    "sideCombo",
)
_OF_A_RESULT = (
    *("thresholdSlider", "causalCheckBox", "confounderCheckBox", "compareCheckBox"),
    *("segmentEditor", "openEditorButton", "exportCombo", "exportButton"),
)
_OF_A_RUN = ("deviceCombo", "checkpointCombo", "lateralityCombo", "mirroredCombo")
_OF_AN_INSTALLATION = ("installButton", "wheelsButton", "removeButton")

CONTROLS = (*_OF_AN_INPUT, "applyButton", *_OF_A_RESULT, *_OF_A_RUN, *_OF_AN_INSTALLATION)
"""Names of all that can be used, or cannot: the editor's own controls are the editor's matter."""


@dataclass(frozen=True)
class Panel:
    """Everything that depends on the state.

    Attributes:
        blocked: for each control that cannot be used, one sentence why not.
        apply: text of the button.
        understood, result: rich text.
        status: plain text.
        busy: something runs whose end is not known by time.
        percent: of the run.
        log: lines of the worker.
        installation: whether the packages are there, one sentence.
    """

    blocked: dict[str, str]
    apply: str
    understood: str
    result: str
    status: str
    busy: bool
    percent: int
    log: str
    installation: str


def describe(
    logic: Any,
    missing: list[str],
    removable: list[str],
    exportIndex: int,
    hasHeader: bool,
) -> Panel:
    """Return what the panel shows.

    Args:
        logic: CausalCLIPSegLogic with a scene.
        missing: packages that are not installed.
        removable: packages that the module installed.
        exportIndex: of `EXPORTS`.
        hasHeader: the film of the result has its DICOM header.
    """
    blocked: dict[str, str] = {}
    busy = logic.running is not None or logic.exporting is not None
    reason = _whyNoRun(logic, missing)
    if logic.running is None and reason:
        blocked["applyButton"] = reason
    if busy:
        for name in (*_OF_AN_INPUT, *_OF_A_RUN, *_OF_AN_INSTALLATION, "compareCheckBox", "thresholdSlider"):
            blocked[name] = _("Not during a run.")
    if "pydicom-data" in missing:
        blocked.setdefault("sampleButton", _("The sample comes with the installation, which is not there yet."))
    if not stored.history(logic.parameters):
        blocked.setdefault("historyCombo", _("No note was run in this scene yet."))
    if not missing:
        blocked.setdefault("installButton", _("Everything is installed."))
        blocked.setdefault("wheelsButton", _("Everything is installed."))
    if not removable:
        blocked.setdefault("removeButton", _("This module has installed nothing."))
    _blockResult(blocked, logic, busy, exportIndex, hasHeader)
    return Panel(
        blocked=blocked,
        apply=_applyText(logic),
        understood=_understood(logic, missing),
        result=_result(logic),
        status=_status(logic),
        busy=busy,
        percent=round(100 * logic.fraction),
        log="\n".join(logic.worker.log),
        installation=_("Not installed yet: {names}.").format(names=", ".join(missing))
        if missing
        else _("Everything that the network needs is installed."),
    )


def _blockResult(
    blocked: dict[str, str],
    logic: Any,
    busy: bool,
    index: int,
    hasHeader: bool,
) -> None:
    if logic.film() is None:
        gone = logic.parameters.segmentation is not None
        reason = _("The film of this result was removed from the scene.") if gone else _("There is no result yet.")
        for name in _OF_A_RESULT:
            blocked[name] = reason
        return
    if not logic.mapsAtHand():
        for name in ("causalCheckBox", "confounderCheckBox"):
            blocked[name] = _("The maps are not kept in a saved scene. Press Apply to get them again.")
    if logic.parameters.probability is None:
        blocked["thresholdSlider"] = _("The probability map was removed from the scene. Run again.")
    if busy:
        blocked["exportButton"] = _("Not during a run.")
    elif EXPORTS[index][0] == "dicom-seg" and not hasHeader:
        blocked["exportButton"] = _("The film has no DICOM header, so no DICOM-SEG can be made of it.")
    elif stored.result(logic.parameters) is None:
        blocked["exportButton"] = _("It is not known how this segmentation was made.")


def _whyNoRun(logic: Any, missing: list[str]) -> str:
    if missing:
        return _("Install the packages of the network first, in the section Installation.")
    if logic.exporting is not None:
        return _("Not during an export.")
    volume = logic.parameters.image
    if volume is None:
        return _("Select a radiograph first.")
    if not scene.is_radiograph(volume):
        return _("The selected volume is no radiograph: it has several slices, or is a map of a result.")
    if not logic.parameters.note.strip():
        return _("Write or paste a note first.")
    if logic.understood is None:
        if logic.worker.state == "failed":
            return ""
        return _("The note is being read.") if logic.readingNote else _("The note cannot be read.")
    if logic.understood["questions"]:
        return _("The note contradicts itself. Choose a side first.")
    if not logic.understood["sides"]:
        return _("The note speaks of nothing that can be outlined.")
    return ""


def _applyText(logic: Any) -> str:
    if logic.running is None:
        return _("Apply")
    return _("End by force") if logic.cancelling else _("Cancel")


def _status(logic: Any) -> str:
    if logic.running is not None:
        if logic.cancelling:
            return _("Canceling; the phase that runs is finished first.")
        phase = logic.worker.phase if logic.worker.phase and not logic.fraction else logic.phase
        return _("{phase} - {seconds:.0f} s").format(phase=phase, seconds=logic.seconds)
    if logic.wanted:
        return _("The note is being read; the run begins then.")
    return logic.error or logic.status


def sideName(side: str) -> str:
    """Return the patient's side in words."""
    return _("Patient's right") if side == "right" else _("Patient's left")


def _viewerName(side: str) -> str:
    return _("right in the picture") if side == "right" else _("left in the picture")


def _zone(name: str) -> str:
    return {"upper": _("upper zone"), "middle": _("middle zone"), "lower": _("lower zone")}.get(name, name)


def _understood(logic: Any, missing: list[str]) -> str:
    if missing:
        return _("Notes are read when the packages are installed.")
    if not logic.parameters.note.strip():
        return _("Nothing written yet.")
    found = logic.understood
    if found is None:
        if logic.worker.state == "failed":
            return _("Not known: the worker does not run.")
        return _("Reading the note...") if logic.readingNote else _("Not known: the note cannot be read.")
    lines = [f"<b>{escape(question)}</b>" for question in found["questions"]]
    for side, viewer in zip(found["sides"], found["sides_viewer"], strict=True):
        where = ", ".join(_zone(zone) for zone in found["zones"].get(side, []))
        if side in found["whole"]:
            where = _("whole lung")
        line = f"<b>{sideName(side)}</b> ({_viewerName(viewer)})"
        lines.append(line + (f": {escape(where)}" if where else ""))
    if found["weak"]:
        lines.append(_("The note names no side, so both lungs are searched."))
    if not found["sides"] and not found["questions"]:
        lines.append(f"<b>{_('Nothing to outline.')}</b>")
    for one in found["ignored"]:
        lines.append(
            _("Not used: {words} ({reason})").format(words=escape(one["words"]), reason=escape(one["reason"]))
        )
    return "<br>".join(lines)


def _result(logic: Any) -> str:
    if logic.parameters.segmentation is None:
        return _("No result yet.")
    if logic.film() is None:
        return _("The film of this result was removed from the scene.")
    found = "".join(_row(one, logic.parameters.threshold) for one in logic.segments)
    text = f'<table cellspacing="0" cellpadding="0">{found}</table>' if found else _("Nothing is outlined.") + "<br>"
    said = [_("Compare: {sentence}").format(sentence=escape(one)) for one in logic.disagreements]
    said += [f"<i>{escape(warning)}</i>" for warning in logic.warnings]
    return text + "<br>".join(said)


def _row(segment: dict[str, Any], threshold: float) -> str:
    """Return a segment's color, name, area and share of the image, as a row of a table."""
    red, green, blue = to_uint8_rgb(segment["color"])
    measured = segment["area_mm2"] is not None
    area = _("{area:.0f} mm²").format(area=segment["area_mm2"]) if measured else _("not calibrated")
    share = _("{share:.1f} % of the image").format(share=100 * segment["area_fraction"])
    words = [area, share, *([_("corrected")] if segment["corrected"] else [])]
    if not segment["corrected"] and segment["threshold"] not in {None, threshold}:
        words.append(_("outlined from {threshold:.2f} on").format(threshold=segment["threshold"]))
    return (
        f'<tr><td style="color:rgb({red},{green},{blue})">&#9632;&nbsp;</td>'
        f"<td><b>{escape(segment['name'])}</b><br>{', '.join(words)}</td></tr>"
    )

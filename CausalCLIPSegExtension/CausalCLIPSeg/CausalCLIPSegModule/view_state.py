"""Describe the panel for a state of the logic: its texts, and which controls are disabled and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING, Any

from slicer.i18n import tr as _

from CausalCLIPSegLib import scene
from CausalCLIPSegLib.colors import HEARD, to_uint8_rgb
from CausalCLIPSegModule import parameters as stored
from CausalCLIPSegModule.messages import Text, say, sayReasons, sayTemplate, sayText
from CausalCLIPSegModule.result import canHold
from CausalCLIPSegModule.sample import whatToExpect

if TYPE_CHECKING:
    from CausalCLIPSegModule.logic import CausalCLIPSegLogic
    from CausalCLIPSegModule.window import Preset

SIDES = ("", "right", "left", "both")
MIRRORED = ("", "no", "yes")
LATERALITIES = ("patient", "viewer")
DEVICES = ("auto", "cpu", "cuda")
WINDOWS: tuple[Preset, ...] = ("stored", "whole", "lungs", "bones", "inverted")
"""In the order of the list, after its title."""
EXPORTS = (("dicom-seg", True), ("dicom-seg", False), ("seg-nrrd", True), ("picture", True))
"""Formats in the order of the list, and whether each is written to a file that the user chooses."""

_INPUT_CONTROLS = (
    "imageSelector",
    "sampleButton",
    "outputSelector",
    "noteEdit",
    "pasteButton",
    "noteFileButton",
    "historyCombo",
    "sideCombo",
)
_RESULT_CONTROLS = (
    *("thresholdSlider", "outlinesCheckBox", "fillSlider", "probabilityCheckBox", "overlaySlider"),
    *("compareCheckBox", "mapCombo"),
    *("segmentEditor", "openEditorButton", "exportCombo", "exportButton"),
    "candidatesFrame",
)
_RUN_CONTROLS = ("deviceCombo", "checkpointCombo", "lateralityCombo", "mirroredCombo")
_SERVER_CONTROLS = ("whereCombo", "addressEdit", "keyEdit", "testButton")
_INSTALLATION_CONTROLS = ("installFirstButton", "gpuCheckBox", "installButton", "wheelsButton", "removeButton")
_BLOCKED_WHILE_BUSY = (
    *_INPUT_CONTROLS,
    *_RUN_CONTROLS,
    *_SERVER_CONTROLS,
    *_INSTALLATION_CONTROLS,
    *("compareCheckBox", "thresholdSlider", "candidatesFrame"),
)

_MAX_NAMED_PACKAGES = 3
_HEARD_OPACITY = 0.5
"""Of the ground of the word with the highest share; text in front of it is readable on light and dark panels."""

CONTROLS = (
    *(*_INPUT_CONTROLS, "windowCombo", "applyButton", *_RESULT_CONTROLS),
    *(*_RUN_CONTROLS, *_SERVER_CONTROLS, *_INSTALLATION_CONTROLS),
)
"""Names of all controls that can be disabled; the segment editor counts as one."""


@dataclass(frozen=True)
class Panel:
    """Everything in the panel that depends on the state.

    Attributes:
        blocked: for each disabled control, one sentence that says why.
        cancel: text of the button that ends a run; "" if nothing is running.
        understood: how the note was understood, as rich text.
        unused: the statements of the note that are not used and why, each as rich text.
        result: segments, statements and warnings, as rich text.
        candidates: the areas that are not in the note: identifiers and sentences.
        status: plain text.
        isError: whether the status says what went wrong.
        busy: whether a run or an export is in progress.
        percent: how much of the run is done, in [0, 100].
        log: lines of the worker.
        installation: one sentence on which packages are missing.
    """

    blocked: dict[str, str]
    cancel: str
    understood: str
    unused: list[str]
    result: str
    candidates: list[tuple[str, str]]
    status: str
    isError: bool
    busy: bool
    percent: int
    log: str
    installation: str


@dataclass(frozen=True)
class Packages:
    """The Python packages of the network, by their names.

    Attributes:
        missing: without these, nothing can run.
        installable: what Install would install now: `missing` and, if it is chosen, what a GPU needs.
        removable: what the module installed.
    """

    missing: list[str]
    installable: list[str]
    removable: list[str]


@dataclass(frozen=True)
class OfferedCheckpoint:
    """A checkpoint in the list: its name in requests and scenes, its title, and what it is; "" if unknown."""

    name: str
    title: str
    summary: str = ""


def checkpoints(logic: CausalCLIPSegLogic) -> list[OfferedCheckpoint]:
    """Return the checkpoints to choose from; the first one is "default", also before the worker has listed them.

    A checkpoint that a saved scene names is included even if it is not installed here, because a run would use it.
    """
    offered = [
        OfferedCheckpoint(each["name"], each.get("title") or each["name"], each["summary"])
        for each in logic.checkpoints
    ]
    first = replace(offered[0], name="default") if offered else OfferedCheckpoint("default", "default")
    offered = [first, *offered[1:]]
    chosen = chosenCheckpoint(logic)
    if chosen not in {each.name for each in offered}:
        offered.append(OfferedCheckpoint(chosen, chosen))
    return offered


def chosenCheckpoint(logic: CausalCLIPSegLogic) -> str:
    """Return the name of the chosen checkpoint; the name of the default one means "default"."""
    chosen = logic.parameters.checkpoint or "default"
    return "default" if logic.checkpoints and chosen == logic.checkpoints[0]["name"] else chosen


def describe(logic: CausalCLIPSegLogic, packages: Packages, exportIndex: int, hasHeader: bool) -> Panel:
    """Return what the panel shows.

    Args:
        logic: with a scene.
        packages: what is installed.
        exportIndex: the selected format, as an index of `EXPORTS`.
        hasHeader: whether the DICOM file of the result's radiograph is available.
    """
    return Panel(
        blocked=_blocked(logic, packages, exportIndex, hasHeader),
        cancel=_cancelText(logic),
        understood=_understood(logic, packages.missing),
        unused=_unused(logic, packages.missing),
        result=_result(logic),
        candidates=_candidates(logic),
        status=_status(logic),
        isError=bool(logic.session.error) and logic.running is None and not logic.pendingRun,
        busy=logic.busy,
        percent=round(100 * logic.runner.fraction),
        log="\n".join(logic.worker.log),
        installation=_installation(packages),
    )


def _installation(packages: Packages) -> str:
    if len(packages.missing) > _MAX_NAMED_PACKAGES:
        return _("The network needs {count} Python packages, about 300 MB.").format(count=len(packages.missing))
    if packages.missing:
        return _("Not installed yet: {names}.").format(names=", ".join(packages.missing))
    if packages.installable:
        return _("For a GPU: {names}, some gigabytes.").format(names=", ".join(packages.installable))
    return _("Everything that the network needs is installed.")


def _blocked(logic: CausalCLIPSegLogic, packages: Packages, exportIndex: int, hasHeader: bool) -> dict[str, str]:
    blocked: dict[str, str] = {}
    reason = _whyNoRun(logic, packages.missing)
    if reason:
        blocked["applyButton"] = reason
    if logic.busy:
        blocked |= dict.fromkeys(_BLOCKED_WHILE_BUSY, _("Not during a run."))
    if "pydicom-data" in packages.missing:
        blocked.setdefault("sampleButton", _("The sample comes with the installation, which is not complete yet."))
    if not stored.history(logic.parameters):
        blocked.setdefault("historyCombo", _("No note was run in this scene yet."))
    if logic.parameters.image is None:
        blocked["windowCombo"] = _("Select a radiograph first.")
    if logic.parameters.compare:
        blocked.setdefault("outputSelector", _("While results are compared, each has a segmentation of its own."))
    if logic.server.isUsed:
        for name in ("deviceCombo", "checkpointCombo"):
            blocked.setdefault(name, _("The server chooses it."))
        if not logic.server.address:
            blocked.setdefault("testButton", _("Enter the address of the server first."))
    else:
        for name in ("addressEdit", "keyEdit", "testButton"):
            blocked.setdefault(name, _("The network runs on this computer."))
    if not packages.installable:
        blocked.setdefault("installButton", _("Everything is installed."))
        blocked.setdefault("wheelsButton", _("Everything is installed."))
    if not packages.removable:
        blocked.setdefault("removeButton", _("This module has installed nothing."))
    return blocked | _blockedResult(logic, exportIndex, hasHeader)


def _blockedResult(logic: CausalCLIPSegLogic, exportIndex: int, hasHeader: bool) -> dict[str, str]:
    if logic.parameters.segmentation is None:
        return dict.fromkeys(_RESULT_CONTROLS, _("There is no result yet."))
    if logic.resultVolume() is None:
        return dict.fromkeys(_RESULT_CONTROLS, _("The radiograph of this result was removed from the scene."))
    blocked: dict[str, str] = {}
    if not logic.result.maps:
        blocked["mapCombo"] = _("The maps are not kept in a saved scene. Press Apply to get them again.")
    if logic.parameters.probability is None:
        for name in ("thresholdSlider", "probabilityCheckBox"):
            blocked[name] = _("The probability map was removed from the scene. Run again.")
    if logic.busy:
        blocked["exportButton"] = _("Not during a run.")
    elif EXPORTS[exportIndex][0] == "dicom-seg" and not hasHeader:
        blocked["exportButton"] = _("The radiograph has no DICOM header, so no DICOM-SEG can be made of it.")
    elif stored.storedResult(logic.parameters) is None:
        blocked["exportButton"] = _("This scene does not say how the segmentation was made.")
    return blocked


def _whyNoRun(logic: CausalCLIPSegLogic, missing: list[str]) -> str:
    if missing:
        return _("Install the packages of the network first, under Settings.")
    if logic.running is not None:
        return _("Not during a run.")
    if logic.exporting is not None:
        return _("Not during an export.")
    volume = logic.parameters.image
    if volume is None:
        return _("Select a radiograph first.")
    if not scene.is_radiograph(volume):
        return _("The selected volume is not a radiograph: it has several slices, or is a map of a result.")
    if logic.server.isUsed and not logic.server.address:
        return _("Enter the address of the server first, under Settings.")
    output = logic.parameters.output
    if output is not None and not logic.parameters.compare and not canHold(output, volume):
        return _("The output segmentation belongs to another radiograph. Choose another one.")
    if not logic.parameters.note.strip():
        return _("Write or paste a note first.")
    if logic.understood is None:
        if logic.worker.state == "failed":
            return ""
        return _("The note is being read.") if logic.readingNote else _("The note cannot be read.")
    if logic.understood["questions"]:
        return _("The note contradicts itself. Choose a side first.")
    if not logic.understood["sides"]:
        return _("The note names nothing that can be outlined.")
    return ""


def _cancelText(logic: CausalCLIPSegLogic) -> str:
    if logic.running is None:
        return ""
    return _("Force stop") if logic.runner.canceling else _("Cancel")


def _status(logic: CausalCLIPSegLogic) -> str:
    if logic.running is not None:
        if logic.runner.canceling:
            return _("Canceling; the current phase is finished first.")
        phase = logic.worker.phase if logic.worker.phase and not logic.runner.fraction else logic.runner.phase
        return _("{phase} - {seconds:.0f} s").format(phase=phase, seconds=logic.runner.seconds)
    if logic.pendingRun:
        return _("The note is being read; then the run begins.")
    return logic.session.error or logic.session.status


def _patientSide(side: str) -> str:
    return _("Patient's right") if side == "right" else _("Patient's left")


def _viewer(side: str) -> str:
    return _("right in the picture") if side == "right" else _("left in the picture")


def _zone(name: str) -> str:
    return {"upper": _("upper zone"), "middle": _("middle zone"), "lower": _("lower zone")}.get(name, name)


def _understood(logic: CausalCLIPSegLogic, missing: list[str]) -> str:
    if missing:
        return _("Notes are read when the packages are installed.")
    if not logic.parameters.note.strip():
        return _("Nothing written yet.")
    understood = logic.understood
    if understood is None:
        if logic.worker.state == "failed":
            return _("Unknown: the worker is not running.")
        return _("Reading the note...") if logic.readingNote else _("Unknown: the note cannot be read.")
    lines = [f"<b>{escape(question)}</b>" for question in say(understood, "questions")]
    for side, viewer in zip(understood["sides"], understood["sides_viewer"], strict=True):
        places = ", ".join(_zone(zone) for zone in understood["zones"].get(side, []))
        if side in understood["whole"]:
            places = _("whole lung")
        line = f"<b>{_patientSide(side)}</b> ({_viewer(viewer)})"
        lines.append(line + (f": {escape(places)}" if places else ""))
    if understood["details"].get("poorly_understood"):
        lines.append(_("Many words of the note are not understood."))
    elif understood["weak"]:
        lines.append(_("The note names no side, so both lungs are searched."))
    if not understood["sides"] and not understood["questions"]:
        lines.append(f"<b>{_('Nothing to outline.')}</b>")
    return "<br>".join(lines)


def _unused(logic: CausalCLIPSegLogic, missing: list[str]) -> list[str]:
    understood = logic.understood
    if missing or understood is None or not logic.parameters.note.strip():
        return []
    lines = [
        _("{words} ({reason})").format(words=escape(phrase["words"]), reason=escape(reason))
        for phrase, reason in zip(understood["ignored"], sayReasons(understood), strict=True)
    ]
    return lines + [
        _("{words} (not understood)").format(words=escape(words))
        for words in understood["details"].get("not_understood", [])
    ]


def mapTitle(map: dict[str, Any]) -> str:
    """Return the title of a map of the network (worker.protocol.MapDocument)."""
    return str(say(map, "title")) if "title" in map else sayTemplate(f"map.{map['name']}")


def mapWorth(map: dict[str, Any]) -> str:
    """Return what a map of the network shows and what not."""
    return str(say(map, "worth")) if "worth" in map else sayTemplate(f"worth.{map['name']}")


def _heard(logic: CausalCLIPSegLogic) -> list[str]:
    """Return the words that the network weighs, each marked by its share of the interest; usually nothing."""
    heard = logic.result.heard
    if not heard:
        return []
    highest = max(each["weight"] or 0 for each in heard) or 1
    quoted = "".join(_heardPiece(each, highest) for each in heard if each["in_note"])
    added = " ".join(_heardPiece(each, highest) for each in heard if not each["in_note"])
    lines = [f"<b>{_('Words that the network heard')}</b>", quoted] if quoted else []
    if added:
        lines.append(_("Only in the prompt, with its own left and right: {words}").format(words=added))
    return [*lines, f"<i>{escape(sayTemplate('words.worth'))}</i>"]


def _heardPiece(piece: dict[str, Any], highest: float) -> str:
    """Return a piece of the note as rich text: a stronger ground, and the share as a number."""
    if piece["weight"] is None:
        return escape(piece["text"])
    alpha = _HEARD_OPACITY * piece["weight"] / highest
    red, green, blue = to_uint8_rgb(HEARD)
    ground = f"background-color:rgba({red},{green},{blue},{alpha:.2f})"
    return f'<span style="{ground}">{escape(piece["text"])}</span><sub>{100 * piece["weight"]:.0f}&nbsp;%</sub>'


def unusedTitle(count: int) -> str:
    """Return the title of the statements that are not used."""
    return _("1 statement not used") if count == 1 else _("{count} statements not used").format(count=count)


def _result(logic: CausalCLIPSegLogic) -> str:
    if logic.parameters.segmentation is None:
        return _("No result yet.")
    if logic.resultVolume() is None:
        return _("The radiograph of this result was removed from the scene.")
    added = {each["id"] for each in (stored.storedResult(logic.parameters) or {}).get("not_in_note", ())}
    rows = "".join(_row(segment, logic.parameters.threshold, segment["id"] in added) for segment in logic.segments)
    table = f'<table cellspacing="0" cellpadding="0">{rows}</table>' if rows else _("Nothing is outlined.") + "<br>"
    lines = _places(logic)
    lines += [
        _("Compare: {disagreement}").format(disagreement=escape(disagreement))
        for disagreement in logic.result.disagreements
    ]
    lines += _heard(logic)
    notices = [*logic.result.warnings, whatToExpect(logic.resultVolume())]
    lines += [f"<i>{escape(notice)}</i>" for notice in notices if notice]
    return table + "<br>".join(lines)


def _places(logic: CausalCLIPSegLogic) -> list[str]:
    """Return a line about the places of the note where something is, and one for each place where nothing is."""
    found = [place for place in logic.result.places if place["present"]]
    named = (f"{say(place, 'place')} ({place['texts']['sentence']['arguments']['probability']})" for place in found)
    lines = [_("Found where the note says: {places}.").format(places=escape(", ".join(named)))] if found else []
    return lines + [
        f"<b>{escape(sayText(_absent(place['texts']['sentence'])))}</b>"
        for place in logic.result.places
        if not place["present"]
    ]


def _absent(text: Text) -> Text:
    """Return the statement that nothing is at a place, also if something was there at the threshold of the run."""
    return {**text, "id": text["id"].replace("something_there", "nothing_there")}


def _candidates(logic: CausalCLIPSegLogic) -> list[tuple[str, str]]:
    return [
        (each["id"], say(each, "sentence") + (f" {_area(each)}" if each["area_mm2"] is not None else ""))
        for each in logic.result.candidates
    ]


def _area(segment: dict[str, Any]) -> str:
    calibrated = segment["area_mm2"] is not None
    return _("{area:.1f} cm²").format(area=segment["area_mm2"] / 100) if calibrated else _("not calibrated")


def _row(segment: dict[str, Any], threshold: float, added: bool) -> str:
    """Return a segment's color, name and area, as a row of a table."""
    red, green, blue = to_uint8_rgb(segment["color"])
    facts = [_area(segment)]
    if segment["corrected"]:
        facts.append(_("added by hand") if added else _("corrected"))
    if not segment["corrected"] and segment["threshold"] not in {None, threshold}:
        facts.append(_("outlined at a threshold of {threshold:.2f}").format(threshold=segment["threshold"]))
    return (
        f'<tr><td style="color:rgb({red},{green},{blue})">&#9632;&nbsp;</td>'
        f"<td><b>{escape(segment['name'])}</b><br>{', '.join(facts)}</td></tr>"
    )

"""Answer "segment" and "server" by a server of `causalclipseg serve`: only the pixels and the note are sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.client import Client, RemoteRun, ServerError
from CausalCLIPSegLib.errors import NoteError, SideQuestionError
from CausalCLIPSegLib.notes import FINDING_WORDS, INFECTION, read_note
from CausalCLIPSegLib.worker import protocol
from CausalCLIPSegLib.worker.jobs.arrays import CAUSAL_ATTENTION, earlier_arrays, map_name, result_arrays, save_arrays
from CausalCLIPSegLib.worker.jobs.description import describe_segmentation
from CausalCLIPSegLib.worker.jobs.images import read_image
from CausalCLIPSegLib.worker.jobs.progress import ProgressCallback

if TYPE_CHECKING:
    from CausalCLIPSegLib.notes import ReferringExpression
    from CausalCLIPSegLib.radiograph import Radiograph
    from CausalCLIPSegLib.result import Segment, SegmentationResult, WordWeight

_BELOW = np.float32(1e-6)


def answer_server(request: protocol.ServerRequest) -> protocol.ServerResult:
    """Ask a server what it is.

    Raises:
        ServerError: the server cannot be used; each cause has a sentence of its own.
    """
    with _client(request.server) as client:
        server = client.check()
        return protocol.ServerResult(
            id=request.id,
            name=client.name,
            version=server["version"],
            checkpoint=server["checkpoint"]["name"],
            findings=_findings_of(server),
        )


def segment_on_server(
    request: protocol.SegmentRequest, server: protocol.ServerAddress, begin: ProgressCallback
) -> protocol.SegmentResult:
    """Let a server segment what a note names, and write maps and masks into the folder `output`.

    The pixels are sent as gray of 8 bits, without a header, so the probabilities may differ slightly from those of a
    run on this computer. The server deletes them at the end. Areas, warnings and disagreements are found here.

    Args:
        request: the request.
        server: where the network runs.
        begin: see `progress.ProgressCallback`.

    Raises:
        CausalCLIPSegError: the radiograph, the note, the server or the output cannot be used.
    """
    if request.laterality != "patient":
        raise NoteError("A server reads left and right of a note as the patient's; choose this under Settings.")
    with _client(server) as client:
        begin("Connecting to the server", 0)
        findings = _findings_of(client.check())
        expression = read_note(
            request.note, request.laterality, request.language, request.side, request.mirrored, findings
        )
        begin("Reading the radiograph", 0.05)
        radiograph = read_image(request.image, request.mirrored)
        begin("Sending the radiograph", 0.15)
        with client.open_session() as session:
            with _picture_of(radiograph) as path:
                session.open_file(path, radiograph.mirrored)
            begin("Waiting for the server", 0.2)
            run = session.run(request.note, request.side, request.threshold)
            description = _wait(run, begin)
            begin("Fetching the result", 0.8)
            result = _result(run, description, radiograph, expression, client.name)
    begin("Writing the result", 0.9)
    earlier = earlier_arrays(request.output)
    save_arrays(result_arrays(result), request.output, lambda: begin("Writing the result", 1), earlier=earlier)
    possible = tuple(_segment(each, np.zeros((1, 1), dtype=bool)) for each in description["possible"])
    return describe_segmentation(request.id, result, possible, request.output)


def _client(server: protocol.ServerAddress) -> Client:
    return Client(server.address, server.key, server.authority)


def _findings_of(server: dict[str, Any]) -> list[str]:
    """Return the findings of a server's checkpoint that this program knows; an older server lists none."""
    listed = server["checkpoint"].get("findings", ())
    return [finding for finding in listed if finding in FINDING_WORDS] or [INFECTION]


@contextmanager
def _picture_of(radiograph: Radiograph) -> Iterator[Path]:
    """Write the pixels, without anything else, to a file that is deleted at the end."""
    from PIL import Image

    with TemporaryDirectory() as folder:
        path = Path(folder) / "radiograph.png"
        Image.fromarray(np.rint(255 * radiograph.pixels).astype(np.uint8)).save(path, compress_level=1)
        yield path


def _wait(run: RemoteRun, begin: ProgressCallback) -> dict[str, Any]:
    """Wait for the end of a run, and return its description; cancel it if `begin` raises."""

    def follow(name: str, data: dict[str, Any]) -> None:
        if name == "progress" and data["stage"]:
            begin(data["stage"], 0.2 + 0.6 * data["fraction"])

    try:
        return run.wait(follow)
    except ServerError as error:
        if error.identifier == "note.side":
            raise SideQuestionError(str(error)) from error
        raise
    except BaseException:
        with suppress(ServerError):
            run.cancel()
        raise


def _result(
    run: RemoteRun,
    description: dict[str, Any],
    radiograph: Radiograph,
    expression: ReferringExpression,
    server: str,
) -> SegmentationResult:
    from CausalCLIPSegLib.mask.places import Place
    from CausalCLIPSegLib.mask.presence import PlaceStatement
    from CausalCLIPSegLib.result import Candidate, NetworkMap, Provenance, SegmentationResult

    shape, report, threshold = radiograph.pixels.shape, description["result"], description["threshold"]

    def bytes_of(data: bytes) -> npt.NDArray[np.uint8]:
        if len(data) != shape[0] * shape[1]:
            raise ServerError("refused", "The server answered with a picture of another size.")
        return np.frombuffer(data, np.uint8).reshape(shape)

    found = [(each, bytes_of(run.mask(each["id"])) != 0) for each in description["segments"]]
    segments = tuple(_segment(each, mask) for each, mask in found if not each["candidate"])
    probability = bytes_of(run.map("probability")).astype(np.float32) / np.float32(255)
    mask = np.any([each.mask for each in segments], axis=0) if segments else np.zeros(shape, dtype=bool)
    # a byte is coarser than the probability from which the masks were made
    probability = np.where(
        mask, np.maximum(probability, threshold), np.minimum(probability, np.float32(threshold) - _BELOW)
    ).astype(np.float32)
    maps = tuple(
        NetworkMap(each["name"], _between(bytes_of(run.map(each["name"])), each["low"], each["high"]))
        for each in description["maps"]
        if each["name"] != "probability"
    )
    attention = next((each.values for each in maps if map_name(each.name) == CAUSAL_ATTENTION), None)
    return SegmentationResult(
        radiograph=radiograph,
        note=report["note"],
        expression=expression,
        prompt=report["prompt"],
        laterality=report["laterality"],
        probability=probability,
        threshold=threshold,
        network_attention=np.ones((1, 1), np.float32) if attention is None else attention,
        segments=segments,
        provenance=Provenance(
            report["checkpoint"]["name"],
            report["checkpoint"]["version"],
            report["checkpoint"]["sha256"],
            report["device"],
            report["version"],
            report["seconds"],
            report["engine"],
            server,
            report["checkpoint"].get("architecture", "causalclipseg"),  # of an older server
        ),
        places=tuple(
            PlaceStatement(
                Place(each["side"], each["zone"]),
                each["present"],
                each["highest_probability"],
                each["calibrated_probability"],
            )
            for each in description["places"]
        ),
        candidates=tuple(
            Candidate(_segment(each, area), tuple(each["zones"]), each["highest_probability"], each["denied"])
            for each, area in found
            if each["candidate"]
        ),
        maps=maps,
        words=tuple(_word(each) for each in description["words"]),
    )


def _word(document: dict[str, Any]) -> WordWeight:
    from CausalCLIPSegLib.result import WordWeight

    spans = tuple((start, stop) for start, stop in document.get("spans", ()))  # an older server gives none
    return WordWeight(document["word"], document["weight"], spans)


def _between(values: npt.NDArray[np.uint8], low: float, high: float) -> npt.NDArray[np.float32]:
    return (low + values.astype(np.float32) * ((high - low) / 255)).astype(np.float32)


def _segment(document: dict[str, Any], mask: npt.NDArray[np.bool_]) -> Segment:
    from CausalCLIPSegLib.colors import to_unit_rgb
    from CausalCLIPSegLib.result import Segment

    color = to_unit_rgb(tuple(document["color"]))
    return Segment(document["id"], document["name"], document["side"], mask, color, document["kind"])

"""The requests "server" and "segment" with a server: a real server, and the same answers as on this computer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("fastapi", reason="the extra [serve] is not installed")

from running_server import OTHER_TOKEN, TOKEN, RunningServer, running_server

from CausalCLIPSegLib import messages
from CausalCLIPSegLib.client import ServerError
from CausalCLIPSegLib.errors import NoFindingError, NoteError, SideQuestionError
from CausalCLIPSegLib.notes.findings import finding_in
from CausalCLIPSegLib.serve.settings import Limits
from CausalCLIPSegLib.worker import protocol
from CausalCLIPSegLib.worker.jobs.remote import answer_server, segment_on_server
from CausalCLIPSegLib.worker.jobs.segment import segment
from CausalCLIPSegLib.worker.segmenters import Segmenters

NOTE = "Consolidation in the right lower zone."
SPACING = (0.2, 0.3)


@pytest.fixture(scope="module")
def server(tiny_checkpoint_to_read) -> Iterator[RunningServer]:
    with running_server(checkpoint=str(tiny_checkpoint_to_read), limits=Limits(pixels=100_000)) as running:
        yield running


@pytest.fixture
def image(tmp_path) -> dict[str, object]:
    values = np.random.default_rng(3).integers(0, 256, (96, 80)).astype(np.uint8)
    values = np.kron(values[::8, ::8], np.ones((8, 8), np.uint8))
    np.save(tmp_path / "image.npy", values)
    return {"kind": "array", "path": str(tmp_path / "image.npy"), "spacing": SPACING, "affine": np.eye(4).tolist()}


def request_of(image, output: Path, **fields) -> protocol.SegmentRequest:
    document = {
        "id": "s",
        "request": "segment",
        "image": image,
        "note": NOTE,
        "threshold": 0.02,
        "output": str(output),
    }
    return protocol.SegmentRequest.model_validate({**document, **fields})


def address_of(server: RunningServer, key: str = TOKEN) -> protocol.ServerAddress:
    return protocol.ServerAddress(address=server.address, key=key)


def test_the_answer_of_a_server_equals_that_of_this_computer(server, image, tiny_checkpoint_to_read, tmp_path):
    phases: list[tuple[str, float]] = []
    checkpoint = {"checkpoint": str(tiny_checkpoint_to_read), "device": "cpu"}
    here = segment(
        request_of(image, tmp_path / "here", **checkpoint), lambda *_: None, lambda _: None, Segmenters(), lambda: None
    )
    there = segment_on_server(
        request_of(image, tmp_path / "there"), address_of(server), lambda *phase: phases.append(phase)
    )
    differing = {"probability", "causal_attention", "confounder_attention", "segments", "not_in_note", "maps"}
    differing |= {"provenance", "words", "places"}
    assert there.model_dump(exclude=differing) == here.model_dump(exclude=differing)
    assert there.provenance.server == server.address.removeprefix("http://")
    same = {"server": "", "seconds": {}}
    assert there.provenance.model_copy(update=same) == here.provenance.model_copy(update=same)
    for mine, theirs in zip(here.segments, there.segments, strict=True):
        assert mine.model_dump(exclude={"mask"}) == theirs.model_dump(exclude={"mask"})
        np.testing.assert_array_equal(np.load(mine.mask), np.load(theirs.mask))
    probability = np.load(there.probability)
    np.testing.assert_allclose(probability, np.load(here.probability), atol=0.5 / 255 + 1e-6)
    np.testing.assert_array_equal(probability >= 0.02, np.load(here.probability) >= 0.02)
    assert [each.name for each in there.maps] == [each.name for each in here.maps]
    assert [each.sentence for each in there.places] == [each.sentence for each in here.places]
    assert [phase for phase, _ in phases if messages.identify(phase) is None] == []
    fractions = [fraction for _, fraction in phases]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert len(server.server.sessions) == 0, "everything is deleted there"


def test_a_note_is_read_for_the_findings_of_the_server(image, tiny_of_several_findings, tmp_path):
    prompts = {
        "Left effusion. Pneumonia.": "Unilateral pleural effusion, right lung.",
        NOTE: "Unilateral pulmonary infection, one infected area, lower left lung.",
    }
    with running_server(checkpoint=str(tiny_of_several_findings)) as server:
        for note, prompt in prompts.items():
            request = request_of(image, tmp_path / "there", note=note)
            understood = segment_on_server(request, address_of(server), lambda *_: None).understood
            assert understood.prompt == prompt
            assert finding_in(prompt) == understood.details["finding"]


def test_a_note_about_what_the_server_does_not_outline_is_refused_before_the_radiograph_is_sent(
    server, image, tmp_path
):
    sessions = []
    with pytest.raises(NoFindingError):
        segment_on_server(
            request_of(image, tmp_path / "a", note="Left basal effusion."), address_of(server),
            lambda phase, _: sessions.append(phase),
        )  # fmt: skip
    assert "Sending the radiograph" not in sessions


def test_a_server_says_what_it_is(server):
    answer = answer_server(protocol.ServerRequest(id="a", request="server", server=address_of(server)))
    assert (answer.name, answer.checkpoint) == (server.address.removeprefix("http://"), "tiny")


@pytest.mark.parametrize(
    ("address", "key", "kind"),
    [
        ("", "a wrong key, long enough to be one", "key"),
        ("http://127.0.0.1:9", TOKEN, "unreachable"),
        ("http://example.org", TOKEN, "address"),
        ("nonsense", TOKEN, "address"),
    ],
)
def test_each_cause_has_a_sentence_with_an_id(server, address, key, kind):
    with pytest.raises(ServerError) as caught:
        answer_server(
            protocol.ServerRequest(
                id="a",
                request="server",
                server=protocol.ServerAddress(address=address or server.address, key=key),
            )
        )
    assert caught.value.kind == kind
    event = protocol.ErrorEvent(id="a", kind="user", message=str(caught.value))
    assert event.texts["message"] is not None, event.message


def test_a_contradiction_is_asked_and_the_viewers_sides_are_refused(server, image, tmp_path):
    question = "Findings: Opacity in the right lower zone. Impression: Opacity in the left lower zone."
    with pytest.raises(SideQuestionError):
        segment_on_server(request_of(image, tmp_path / "a", note=question), address_of(server), lambda *_: None)
    with pytest.raises(NoteError, match="as the patient's"):
        segment_on_server(request_of(image, tmp_path / "b", laterality="viewer"), address_of(server), lambda *_: None)
    assert not (tmp_path / "a").exists()


def test_a_key_is_not_printed_with_its_request():
    request = protocol.ServerAddress(address="http://127.0.0.1:1", key="secret")
    assert "secret" not in repr(request)
    assert OTHER_TOKEN not in repr(protocol.ServerRequest(id="a", request="server", server=request))

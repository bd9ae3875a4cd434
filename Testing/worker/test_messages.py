"""Every sentence that the worker, and the library inside Slicer, can say to a person has an id to translate it by."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from CausalCLIPSegLib.laterality import SIDES
from CausalCLIPSegLib.mask.description import disagreements
from CausalCLIPSegLib.mask.places import PLACES, place_name
from CausalCLIPSegLib.mask.presence import PlaceStatement
from CausalCLIPSegLib.messages import Message, identify, templates
from CausalCLIPSegLib.notes.expression import ZONES, ReferringExpression
from CausalCLIPSegLib.result import Candidate, Segment
from CausalCLIPSegLib.worker import protocol

LIBRARY = Path(__file__).parents[2] / "CausalCLIPSegLib"
SAID_TO_PEOPLE = ("worker.process", "worker.client", "scene", "notes.files")
"""The worker, and what the panel calls itself."""
NOT_SAID = re.compile(r"export\.(caption|fonts|overlay)|about|model\.weights|mask\.(description|presence)|result$")
"""Texts in pictures, causes of other errors, and sentences that the tests below make from values."""
SHOWN = re.compile(r"\.scene|worker\.client$")
"""Where the panel also shows errors that are internal elsewhere."""
INTERNAL = {"ValueError", "AttributeError", "OSError", "FileNotFoundError", "TypeError", "RuntimeError"}
FRAGMENTS = {  # expressions that are empty, or one of these texts
    "INSTALL_TORCH": ["install causalclipseg[torch]"],
    "remedy": ["", " (for a GPU, install causalclipseg[torch])"],
    "field + ': ' if field else ''": ["", "note: "],
    "how": ["", "Why not."],
    "self._describe_error(error)": ["Why not."],
    "f' ({version})' if version else ''": ["", " (1.0)"],
    "_FRONTAL_ONLY": ["the program works on frontal chest radiographs."],
}


@cache
def modules() -> dict[str, ast.Module]:
    """Return the source of each module that the worker or the panel can import, also inside of functions."""
    found: dict[str, ast.Module] = {}
    waiting = [f"CausalCLIPSegLib.{name}" for name in SAID_TO_PEOPLE]
    while waiting:
        name = waiting.pop()
        base = LIBRARY.parent.joinpath(*name.split("."))
        path = base.with_suffix(".py") if base.with_suffix(".py").is_file() else base / "__init__.py"
        if name in found or not name.startswith("CausalCLIPSegLib") or not path.is_file():
            continue
        found[name] = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(found[name]):
            if isinstance(node, ast.Import):
                waiting += [each.name for each in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                waiting += [node.module, *(f"{node.module}.{each.name}" for each in node.names)]
    return found


def texts(node: ast.AST) -> list[str]:
    """Return the texts that an expression can be; a value in it is an X."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.FormattedValue):
        return FRAGMENTS.get(ast.unparse(node.value), ["X"])
    if isinstance(node, ast.JoinedStr):
        return ["".join(parts) for parts in product(*map(texts, node.values))]
    return []


def is_sentence(text: str) -> bool:
    return bool(re.fullmatch(r"[A-Z0-9].*[.?]", text, re.DOTALL)) and " " in text and "\\" not in text


def sentences(name: str) -> Iterator[str]:
    """Yield the sentences of a module that are not docstrings and not the causes of programming errors."""
    tree = modules()[name]
    skipped: set[ast.AST] = set()
    for node in ast.walk(tree):
        call = node.exc if isinstance(node, ast.Raise) else None
        is_internal = isinstance(call, ast.Call) and ast.unparse(call.func) in INTERNAL and not SHOWN.search(name)
        if is_internal or isinstance(node, ast.Expr | ast.JoinedStr | ast.Assert):
            skipped.update(each for each in ast.walk(node) if each is not node)
        if isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant):
            skipped.difference_update(ast.walk(node))  # a call
        if isinstance(node, ast.JoinedStr | ast.Constant) and node not in skipped:
            yield from filter(is_sentence, (text.strip() for text in texts(node)))


@cache
def said() -> list[tuple[str, str]]:
    return [(name, sentence) for name in modules() if not NOT_SAID.search(name) for sentence in sentences(name)]


def test_every_sentence_in_the_source_has_an_id():
    assert len(said()) > 150
    assert [each for each in said() if identify(each[1]) is None] == []


def test_every_error_that_people_see_is_checked():
    """Each message of an error is a literal that `said` finds, or the value of a name that is found elsewhere."""
    for tree in modules().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
                name = ast.unparse(node.exc.func)
                if re.fullmatch(r"(Radiograph|Note|Checkpoint|Segmentation|Output|Device)Error", name):
                    assert all(is_sentence(each) for each in texts(node.exc.args[0])), ast.unparse(node)


def test_no_id_is_left_over():
    of_servers = [ast.parse(path.read_text(encoding="utf-8")) for path in (LIBRARY / "serve").glob("*.py")]
    by_server = (text for tree in of_servers for node in ast.walk(tree) for text in texts(node))
    heard = (*by_server, *(sentence for _, sentence in said()))
    used = {message.id for sentence in heard if (message := identify(sentence)) is not None}
    literals = {
        node.value
        for tree in modules().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    generated = re.compile(r"(statement|place|number|language)\.|reason\.")  # from values, or by the operating system
    left = {key for key, text in templates().items() if key not in used and text not in literals}
    assert {key for key in left if not generated.match(key)} == set()


def test_the_table_is_well_made():
    assert len(set(templates().values())) == len(templates())
    for key, text in templates().items():
        assert re.fullmatch(r"[a-z]+\.[a-z0-9_]+", key)
        names = re.findall(r"\{(\w*)\}", text)
        assert len(names) == len(set(names)), "each placeholder once"
        assert identify(text.format(**dict.fromkeys(names, "X"))) == Message(key, dict.fromkeys(names, "X"))


@settings(deadline=None)
@given(st.sampled_from(sorted(templates())), st.data())
def test_a_sentence_is_said_again_from_its_id(key, data):
    names = re.findall(r"\{(\w+)\}", templates()[key])
    plain = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
    values = {name: data.draw(plain | st.sampled_from(["right lung", "two", "permission denied"])) for name in names}
    sentence = templates()[key].format(**values)
    assert str(identify(sentence)) == sentence


@pytest.mark.parametrize("calibrated", [None, 0.0, 0.37, 1.0])
@pytest.mark.parametrize("present", [True, False])
@pytest.mark.parametrize("place", PLACES)
def test_a_statement_about_a_place(place, present, calibrated):
    sentence = PlaceStatement(place, present, 0.126, calibrated).sentence
    message = identify(sentence)
    assert str(message) == sentence
    assert str(message.arguments["place"]) == place.name
    assert isinstance(message.arguments["place"], Message)
    assert message.arguments["probability"] == "0.12"
    assert ("something" in message.id) == present


@pytest.mark.parametrize("denied", [True, False])
@pytest.mark.parametrize("zones", [(), *((zone,) for zone in ZONES), ZONES[:2], ZONES[1:], ZONES[::2], ZONES])
@pytest.mark.parametrize("side", SIDES)
def test_a_candidate(side, zones, denied):
    segment = Segment("a", "b", side, np.zeros((1, 1), bool), (0, 0, 0), "opacity")
    candidate = Candidate(segment, zones, 0.4, denied)
    message = identify(candidate.sentence)
    assert str(message) == candidate.sentence
    assert str(message.arguments["place"]) == place_name(side, zones)
    assert isinstance(message.arguments["place"], Message)


@st.composite
def expressions(draw):
    sides = draw(st.lists(st.sampled_from(SIDES), unique=True))
    zones = {side: tuple(draw(st.sets(st.sampled_from(ZONES)))) for side in sides}
    return ReferringExpression(sides=tuple(sides), zones=zones, count=draw(st.none() | st.integers(1, 9)))


@settings(deadline=None)
@given(expressions(), st.lists(st.tuples(st.integers(0, 9), st.integers(0, 7)), max_size=12))
def test_a_disagreement(expression, blocks):
    mask = np.zeros((200, 160), dtype=bool)
    for row, column in blocks:
        mask[row * 20 : row * 20 + 15, column * 20 : column * 20 + 15] = True
    for sentence in disagreements(expression, mask):
        message = identify(sentence)
        assert message is not None, sentence
        assert str(message) == sentence
        phrases = {name: value for name, value in message.arguments.items() if name in {"side", "named", "outlined"}}
        assert all(isinstance(value, Message) for value in phrases.values()), sentence


def test_every_field_with_sentences_says_which_they_are():
    spoken = {"message", "phase", "questions", "ignored", "sentence", "warnings", "disagreements", "missing", "place"}
    spoken |= {"title", "worth"}
    for model in [*vars(protocol).values(), *protocol.Spoken.__subclasses__()]:
        if isinstance(model, type) and issubclass(model, protocol.CancelResult.__mro__[1]):
            of_card = {"title"} if model is protocol.CheckpointDocument else set()  # the name of a thing
            named = spoken & set(model.model_fields) - of_card
            assert named == set(getattr(model, "SENTENCES", {})), model


def test_the_texts_have_the_shape_of_their_fields():
    event = protocol.ExportResult(id="e", files={}, missing={"picture": "The note is empty.", "seg-nrrd": "Unknown."})
    assert event.model_dump()["texts"] == {
        "missing": {"picture": {"id": "note.empty", "arguments": {}}, "seg-nrrd": None}
    }
    error = protocol.ErrorEvent(id=None, kind="user", message="/a cannot be written: permission denied.")
    assert error.model_dump()["texts"]["message"]["arguments"] == {
        "path": "/a",
        "reason": {"id": "reason.permission", "arguments": {}},
    }
    assert protocol.ErrorEvent.model_validate_json(error.model_dump_json()) == error

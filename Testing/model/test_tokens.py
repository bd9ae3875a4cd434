"""Prompts become the tokens of CLIP without a tokenizer library."""

import subprocess
import sys
from functools import cache
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from CausalCLIPSegLib.errors import CheckpointError
from CausalCLIPSegLib.model.tokens import END, PROMPT_TOKENS, WORDS, WORDS_OF_FINDINGS, encode, prompt_tokens
from CausalCLIPSegLib.network.configuration import TextConfiguration
from CausalCLIPSegLib.notes import FINDING_WORDS, INFECTION, ZONES, ReferringExpression, swap_sides, to_prompt

ZONE_SETS = [zones for size in range(4) for zones in combinations(ZONES, size)]
FULL = TextConfiguration()


@cache
def all_prompts(finding: str = INFECTION) -> frozenset[str]:
    """Return every prompt about a finding that the program can write, and its form for a mirrored radiograph."""
    prompts = set()
    for right, left in product((None, "whole", *ZONE_SETS), repeat=2):
        zones = {side: choice for side, choice in (("right", right), ("left", left)) if choice is not None}
        for count, weak in product((None, *range(1, 9)), (False, True)):
            if zones:
                expression = ReferringExpression(
                    sides=tuple(zones),
                    zones={side: choice for side, choice in zones.items() if choice != "whole"},
                    whole=tuple(side for side, choice in zones.items() if choice == "whole"),
                    weak=weak,
                    count=count,
                    finding=finding,
                )
                prompts |= {
                    to_prompt(expression, laterality, implied_count=implied_count)
                    for laterality, implied_count in product(("patient", "viewer"), (True, False))
                }
    return frozenset(prompts | {swap_sides(prompt) for prompt in prompts})


@pytest.fixture(scope="module")
def clip():
    """CLIP's own tokenizer, cut at the length of the text encoder."""
    pytest.importorskip("open_clip")
    from CausalCLIPSegLib.network.text_encoder import tokenize

    return lambda prompt: tokenize([prompt], 20).numpy()


def test_every_prompt_has_the_tokens_of_clip(clip):
    prompts = all_prompts()
    assert len(prompts) > 500
    for prompt in prompts:
        np.testing.assert_array_equal(encode(prompt, FULL), clip(prompt), err_msg=prompt)


KNOWN = [*WORDS, *WORDS_OF_FINDINGS]
words = st.sampled_from([*KNOWN, *(word.capitalize() for word in KNOWN), *(word.upper() for word in KNOWN)])
texts = st.lists(words, max_size=40).map(" ".join)


@settings(max_examples=300, deadline=None)
@given(text=texts, space=st.sampled_from([" ", "  ", "\n", "\t "]))
def test_every_text_of_known_words_has_the_tokens_of_clip(clip, text, space):
    text = text.replace(" ", space)
    np.testing.assert_array_equal(encode(text, FULL), clip(text))


@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=30) | texts.map(lambda text: text.replace(" ", "")))
def test_any_text_has_the_tokens_of_clip_or_is_rejected(clip, text):
    try:
        tokens = encode(text, FULL)
    except CheckpointError:
        return
    np.testing.assert_array_equal(tokens, clip(text))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Lung abscess.", "abscess"),
        ("2 areas", "2"),
        ("left-sided", "-"),
        ("left.,", ".,"),
        ("left_lung", "_"),
        ("lunge", "lunge"),
        ("left\xa0lung", "\xa0"),
    ],
)
def test_an_unknown_word_is_named(text, word):
    with pytest.raises(CheckpointError, match="do not know") as caught:
        encode(text, FULL)
    assert f"“{word}”" in str(caught.value)


@pytest.mark.parametrize("finding", FINDING_WORDS)
def test_a_pruned_table_holds_what_prompts_can_have_and_nothing_else(finding):
    table = prompt_tokens([finding])
    pruned = TextConfiguration(tokens=table)
    occurring = {0}
    for prompt in all_prompts(finding):
        tokens = np.array(table)[encode(prompt, pruned)]
        np.testing.assert_array_equal(tokens, encode(prompt, FULL))
        occurring |= set(tokens.ravel().tolist())
    infected = set(WORDS["infected"] + WORDS["infection"])  # a table of another finding holds all words of places
    assert set(table) - occurring <= (set() if finding == INFECTION else infected | set(WORDS["pulmonary"]))
    assert max(table) == END == table[-1], "CLIP finds the end by the largest number"


@pytest.mark.parametrize("finding", FINDING_WORDS)
def test_no_word_of_a_prompt_is_cut(finding):
    long = TextConfiguration(context_length=40)
    for prompt in all_prompts(finding):
        cut, whole = (encode(prompt, each).ravel() for each in (FULL, long))
        left_out = whole[FULL.context_length - 1 : np.argmax(whole)]
        assert set(left_out.tolist()) <= set(WORDS["."]), prompt
        assert cut.max() == END


def test_a_checkpoint_without_a_word_of_the_prompt_is_rejected():
    table = tuple(token for token in PROMPT_TOKENS if token not in WORDS["middle"])
    with pytest.raises(CheckpointError, match="does not know all words"):
        encode("Unilateral pulmonary infection, middle left lung.", TextConfiguration(tokens=table))


def test_tokens_need_no_library():
    code = (
        "import sys, CausalCLIPSegLib.model.tokens; print(sorted({'torch', 'open_clip', 'regex'} & set(sys.modules)))"
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert process.stdout.strip() == "[]"


def test_a_token_table_has_the_words_of_its_findings_and_no_others():
    assert prompt_tokens([INFECTION]) == PROMPT_TOKENS
    table = prompt_tokens([INFECTION, "effusion"])
    pruned = TextConfiguration(tokens=table)
    prompt = "Unilateral pleural effusion, one area, lower left lung."
    np.testing.assert_array_equal(np.array(table)[encode(prompt, pruned)], encode(prompt, FULL))
    for other in ("mass", "pneumothorax"):
        with pytest.raises(CheckpointError, match="does not know all words"):
            encode(f"Unilateral {other}.", pruned)
    assert set(prompt_tokens(FINDING_WORDS)) > set(table) > set(PROMPT_TOKENS)

"""CLIP's tokenizer and text Transformer, with the paper's context of 20 tokens."""

import torch

from CausalCLIPSegLib.network.configuration import TextConfiguration
from CausalCLIPSegLib.network.text_encoder import TextEncoder, count_tokens, tokenize

PROMPT = "Bilateral pulmonary infection, two infected areas, all left lung and lower right lung."
SMALL = TextConfiguration(width=16, heads=2, layers=2, feature_size=8)


def test_tokens_have_start_and_end():
    tokens = tokenize([PROMPT, "Pulmonary infection."], 20)
    assert tokens.shape == (2, 20)
    assert (tokens[:, 0] == 49406).all()
    for row, prompt in zip(tokens, (PROMPT, "Pulmonary infection."), strict=True):
        assert row[count_tokens(prompt) - 1] == 49407
        assert (row[count_tokens(prompt) :] == 0).all()


def test_long_prompts_are_cut_and_keep_the_end_token():
    tokens = tokenize([PROMPT * 3], 20)
    assert tokens[0, -1] == 49407
    assert count_tokens(PROMPT * 3) > 20


def test_the_feature_does_not_depend_on_tokens_after_the_end():
    torch.manual_seed(0)
    encoder = TextEncoder(SMALL).eval()
    tokens = tokenize([PROMPT], 20)
    end = count_tokens(PROMPT)
    changed_after_end = tokens.clone()
    changed_after_end[0, end:] = 123
    torch.testing.assert_close(encoder(tokens), encoder(changed_after_end))
    changed_before_end = tokens.clone()
    changed_before_end[0, end - 3] = 123
    assert not torch.allclose(encoder(tokens), encoder(changed_before_end))

"""CLIP's tokens and Transformer, with the paper's context of 20."""

import torch

from CausalCLIPSegLib.network.configuration import TextConfiguration
from CausalCLIPSegLib.network.text_encoder import TextEncoder, count_tokens, tokenize

SENTENCE = "Bilateral pulmonary infection, two infected areas, all left lung and lower right lung."
SMALL = TextConfiguration(width=16, heads=2, layers=2, feature_size=8)


def test_tokens_stand_between_start_and_end():
    tokens = tokenize([SENTENCE, "Pulmonary infection."], 20)
    assert tokens.shape == (2, 20)
    assert (tokens[:, 0] == 49406).all()
    for row, sentence in zip(tokens, (SENTENCE, "Pulmonary infection."), strict=True):
        assert row[count_tokens(sentence) - 1] == 49407
        assert (row[count_tokens(sentence) :] == 0).all()


def test_what_does_not_fit_is_cut_and_the_end_is_kept():
    tokens = tokenize([SENTENCE * 3], 20)
    assert tokens[0, -1] == 49407
    assert count_tokens(SENTENCE * 3) > 20


def test_the_feature_is_read_at_the_end_and_nothing_behind_it_matters():
    torch.manual_seed(0)
    encoder = TextEncoder(SMALL).eval()
    tokens = tokenize([SENTENCE], 20)
    end = count_tokens(SENTENCE)
    changed = tokens.clone()
    changed[0, end:] = 123
    torch.testing.assert_close(encoder(tokens), encoder(changed))
    other = tokens.clone()
    other[0, end - 3] = 123
    assert not torch.allclose(encoder(tokens), encoder(other))

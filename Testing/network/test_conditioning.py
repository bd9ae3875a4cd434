"""The text modulates the image features before they are decoded."""

import torch

from CausalCLIPSegLib.network.causalclipseg import CausalCLIPSeg
from CausalCLIPSegLib.network.conditioning import TextConditioning
from CausalCLIPSegLib.network.configuration import DecoderConfiguration
from CausalCLIPSegLib.network.text_encoder import tokenize

PROMPTS = ["Pulmonary infection.", "Unilateral pulmonary infection, one infected area, upper left lung."]


def conditioned(configuration, blocks=2):
    decoder = configuration.decoder.model_copy(update={"conditioning": blocks})
    return CausalCLIPSeg(configuration.model_copy(update={"decoder": decoder}))


def test_the_paper_has_no_conditioning(tiny_network):
    assert DecoderConfiguration().conditioning == 0
    assert not any("conditioning" in name for name in CausalCLIPSeg(tiny_network).state_dict())


def test_new_blocks_change_nothing(tiny_network):
    torch.manual_seed(0)
    plain, extended = CausalCLIPSeg(tiny_network).eval(), conditioned(tiny_network).eval()
    missing, unexpected = extended.load_state_dict(plain.state_dict(), strict=False)
    assert not unexpected
    assert missing
    assert all(".conditioning." in name for name in missing)
    image, text = torch.rand(2, 1, 64, 64), plain.encode_text(tokenize(PROMPTS, 20))
    for first, second in zip(plain(image, text)[:2], extended(image, text)[:2], strict=True):
        assert torch.equal(first, second)


def test_a_block_learns_what_depends_on_text_and_position():
    torch.manual_seed(0)
    block = TextConditioning(4, 3)
    features, text = torch.rand(1, 4, 1, 1).expand(2, 4, 6, 6), torch.tensor([[1.0, 0, 0], [0, 1.0, 0]])
    target = torch.zeros(2, 4, 6, 6)
    target[0, :, :3], target[1, :, 3:] = 1, 1  # the first text means the upper half, the second the lower half
    optimizer = torch.optim.Adam(block.parameters(), 0.05)
    for _ in range(150):
        loss = torch.nn.functional.mse_loss(block(features, text), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.05, "the features are the same everywhere, so only coordinates and text can tell"


def test_several_texts_of_an_image_give_the_masks_of_single_texts(tiny_network):
    torch.manual_seed(0)
    network = conditioned(tiny_network).eval()
    for block in network.causal.decoder.conditioning:
        torch.nn.init.normal_(block.reduction.weight, std=0.1)
    image, text = torch.rand(3, 1, 64, 64), network.encode_text(tokenize(PROMPTS * 3, 20))
    together = network(image, text)
    for number in range(2):
        alone = network(image, text[number::2])
        assert torch.allclose(together.logits[number::2], alone.logits, atol=1e-4)
        assert torch.allclose(together.confounder_logits[number::2], alone.confounder_logits, atol=1e-4)

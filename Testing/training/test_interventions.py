"""A note that names a drawn place has the ground truth in that place as its target."""

from functools import partial
from types import SimpleNamespace

import numpy as np
import openpyxl
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from CausalCLIPSegLib.laterality import SIDES
from CausalCLIPSegLib.mask import LungExtent, split_by_side
from CausalCLIPSegLib.mask.places import Place, place_mask
from CausalCLIPSegLib.network.text_encoder import tokenize
from CausalCLIPSegLib.notes import ZONES, parse_note, swap_sides, to_prompt
from training.augmentation.images import Augmentation
from training.augmentation.interventions import (
    MAX_ABSENT,
    QUESTIONS,
    SHARES,
    Anatomy,
    Interventions,
    lesion_in_parts,
    probabilities,
    region_of,
)
from training.data.balance import balanced_order
from training.data.datamodule import ReferringDataModule

SIZE = 96
EXTENT = LungExtent(0.15, 0.75, 0.36, 0.68)

extents = st.builds(
    lambda top, height, middle, lower: LungExtent(top, top + height, middle, lower),
    st.floats(0, 0.4),
    st.floats(0.3, 0.6),
    st.floats(0.2, 0.45),
    st.floats(0.55, 0.85),
)


@st.composite
def masks(draw):
    """Draw masks of up to four rectangles, each in one half of the image."""
    mask = np.zeros((SIZE, SIZE), dtype=bool)
    for _ in range(draw(st.integers(0, 4))):
        row, column = draw(st.integers(0, SIZE - 8)), draw(st.integers(0, 40)) + draw(st.sampled_from([0, 48]))
        mask[row : row + draw(st.integers(1, 60)), column : min(column + 20, 48 if column < 48 else 96)] = True
    return mask


def place_of(expression, extent, margin=0.0):
    """Return the union of all places that a note names."""
    place = np.zeros((SIZE, SIZE), dtype=bool)
    for side in expression.sides:
        for zone in expression.zones[side] or (None,):
            place |= place_mask(Place(side, zone), place.shape, extent, margin=margin)
    return place


def target_of(expression, mask, anatomy, margin, own_zone_overrules=True):
    """Return target and ignored pixels of a note."""
    region = region_of(expression, len(mask), anatomy, margin, own_zone_overrules)
    return SimpleNamespace(**dict(zip(("target", "ignored"), region.cut(mask), strict=True)))


@given(masks(), extents, st.sampled_from(QUESTIONS), st.floats(0, 0.1))
def test_target_is_the_ground_truth_in_the_place(mask, extent, question, margin):
    drawn = target_of(question.expression, mask, Anatomy(extent), margin)
    place = place_of(question.expression, extent)
    assert np.array_equal(drawn.target, mask & place)


@given(masks(), extents, st.sampled_from(QUESTIONS), st.floats(0, 0.1))
def test_only_lesion_near_a_border_of_a_named_zone_is_ignored(mask, extent, question, margin):
    drawn = target_of(question.expression, mask, Anatomy(extent), margin)
    named = place_of(question.expression, extent)
    others = {
        side: tuple(z for z in ZONES if z not in question.expression.zones[side])
        for side in SIDES
        if side in question.expression.sides and question.expression.zones[side]
    }
    unnamed = np.zeros_like(mask)
    for side, zones in others.items():
        for zone in zones:
            unnamed |= place_mask(Place(side, zone), mask.shape, extent, margin=margin)
    band = place_of(question.expression, extent, margin) & unnamed
    assert not (drawn.ignored & ~(mask & band)).any()
    assert margin > 0 or not drawn.ignored.any()
    assert not (drawn.ignored & ~drawn.target & named).any()


def test_band_has_the_width_of_the_margin():
    mask = np.ones((100, 100), dtype=bool)
    expression = parse_note("upper zone pneumonia of the right lung")
    drawn = target_of(expression, mask, Anatomy(LungExtent(0.2, 0.8, 0.5, 0.75)), margin=0.1)
    assert np.flatnonzero(drawn.ignored[:, 10]).tolist() == list(range(44, 56))  # 50 +- 0.1 x 60 rows
    assert not drawn.ignored[:, 50:].any()


@pytest.mark.parametrize("overrules", [True, False])
def test_own_note_overrules_the_estimated_zones(overrules):
    mask = np.zeros((SIZE, SIZE), dtype=bool)
    mask[40:80, 10:40] = True  # middle and lower zone of the patient's right lung
    anatomy = Anatomy(EXTENT, {"right": ("middle",)})
    expressions = {
        question.group: question.expression for question in QUESTIONS if question.expression.sides[0] == "right"
    }
    drawn = target_of(expressions["middle",], mask, anatomy, 0.05, overrules)
    assert np.array_equal(drawn.target, mask) is overrules
    assert drawn.ignored.any() is not overrules
    for zones in (("lower",), ("upper", "middle")):  # other places keep their estimated borders
        drawn = target_of(expressions[zones], mask, anatomy, 0.05, overrules)
        assert np.array_equal(drawn.target, mask & place_of(expressions[zones], EXTENT))


@given(masks(), extents)
def test_a_place_without_lesion_has_an_empty_target(mask, extent):
    parts = lesion_in_parts(mask, Anatomy(extent), 0.05, True)
    for question in QUESTIONS:
        drawn = target_of(question.expression, mask, Anatomy(extent), 0.05)
        for i, side in enumerate(SIDES):
            if question.expression.sides == (side,) and len(question.group) == 1:
                state = parts[i, 1 + ZONES.index(question.group[0])]
                assert state != 0 or not (drawn.target | drawn.ignored).any()
                assert state != 1 or (drawn.target & ~drawn.ignored).any()


def test_a_zone_near_a_lesion_is_neither_with_nor_without_one():
    mask = np.zeros((SIZE, SIZE), dtype=bool)
    mask[60:80, 10:40] = True  # 0.15 of the lung's height below the upper zone
    states = [
        lesion_in_parts(mask, Anatomy(LungExtent(0.1, 0.9, 0.5, 0.8)), 0.05, True, absent)[SIDES.index("right"), 1]
        for absent in (None, 0.1, 0.2)
    ]
    assert states == [0, 0, -1]


def made_parts(number):
    """Return which parts hold a lesion, for lungs with lesions of random height from the base or the apex."""
    rng = np.random.default_rng(3)
    parts = []
    for _ in range(number):
        mask = np.zeros((SIZE, SIZE), dtype=bool)
        for columns in (slice(10, 40), slice(56, 86)):
            if rng.random() < 0.7:
                start = int(rng.integers(10, 60))
                mask[start : start + int(rng.integers(10, 30)), columns] = True
        parts.append(lesion_in_parts(mask, Anatomy(EXTENT), 0.05, True))
    return np.stack(parts)


def test_half_of_the_drawn_zones_hold_a_lesion():
    parts = made_parts(300)
    drawn = probabilities(parts)
    assert drawn.sum(axis=1) == pytest.approx(1, abs=1e-6)
    assert (drawn >= 0).all()
    absent_in_all = np.zeros(len(parts))
    for zone in ZONES:
        present = absent = 0.0
        for column, question in enumerate(QUESTIONS):
            if question.group == (zone,):
                state = parts[:, SIDES.index(question.expression.sides[0]), 1 + ZONES.index(zone)]
                present += drawn[state == 1, column].sum()
                absent += drawn[state == 0, column].sum()
                assert drawn[state < 0, column].sum() == 0, "doubtful places are not drawn"
                absent_in_all += np.where(state == 0, drawn[:, column], 0)
        assert absent / (present + absent) == pytest.approx(0.5, abs=0.05)
        assert (present + absent) / len(parts) == pytest.approx(SHARES["zone"] / 3, abs=0.03)
    any_lesion = (parts[:, :, 0] == 1).any(axis=1)
    assert (absent_in_all[any_lesion] <= MAX_ABSENT + 1e-6).all()


@pytest.mark.parametrize("share", [0.1, 0.3])
def test_share_of_the_drawn_zones_without_a_lesion_can_be_chosen(share):
    parts = made_parts(300)
    drawn = probabilities(parts, share)
    sums = np.zeros(2)
    for column, question in enumerate(QUESTIONS):
        if question.kind == "zone":
            state = parts[:, SIDES.index(question.expression.sides[0]), 1 + ZONES.index(question.group[0])]
            sums += [drawn[state == answer, column].sum() for answer in (0, 1)]
    assert sums[0] / sums.sum() == pytest.approx(share, abs=0.03)


def test_radiograph_without_lesion_gets_empty_targets():
    empty = np.zeros((1, 2, 8), dtype=np.int8)
    assert probabilities(np.concatenate([empty, made_parts(20)]))[0].sum() == pytest.approx(1)


def test_radiograph_with_only_doubtful_places_keeps_its_own_note():
    assert probabilities(np.full((1, 2, 8), -1, dtype=np.int8)).sum() == 0
    interventions = made_interventions(1.0)
    interventions.cumulative[2] = 0
    rng = np.random.default_rng(0)
    assert interventions(2, rng) is None
    assert interventions(1, rng) is not None


def test_every_question_gives_a_prompt_that_parses_back():
    for laterality in ("viewer", "patient"):
        for question in QUESTIONS:
            parsed = parse_note(to_prompt(question.expression, laterality), laterality)
            assert parsed.sides == question.expression.sides
            assert dict(parsed.zones) == dict(question.expression.zones)
    assert len({to_prompt(question.expression, "viewer") for question in QUESTIONS}) == len(QUESTIONS)


def made_interventions(share, samples=6):
    rng = np.random.default_rng(0)
    masks = np.zeros((samples, SIZE, SIZE), dtype=bool)
    masks[:, 40:70, 10:40] = True
    images = rng.integers(0, 255, masks.shape, dtype=np.uint8)

    note = parse_note("Unilateral pulmonary infection, one infected area, middle left lung.", "viewer")
    return Interventions([note] * samples, images, masks, share)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**31), index=st.integers(0, 5))
def test_augmented_target_stays_on_the_side_of_the_drawn_note(seed, index):
    interventions = made_interventions(1.0)
    torch.manual_seed(seed)
    mask = interventions.masks[index]
    image, target, (note,), weight = Augmentation("viewer")(
        (mask * 200).astype(np.uint8), mask, "not used", partial(interventions, index)
    )
    assert image.shape == target.shape == weight.shape == (1, SIZE, SIZE)
    assert weight.dtype == torch.float32
    assert set(weight.unique().tolist()) <= {0.0, 1.0}
    expression = parse_note(note, "viewer")
    halves = split_by_side(target[0].numpy() > 0)
    for side in SIDES:
        assert side in expression.sides or not halves[side].any()


def test_notes_of_a_single_zone_name_each_zone_equally_often():
    note = "Unilateral pulmonary infection, one infected area, {} left lung."
    texts = [note.format(zone) for zone in ["lower"] * 12 + ["middle"] * 4 + ["upper"] + ["middle lower"] * 5]
    texts.append("Bilateral pulmonary infection, two infected areas, upper left lung and upper right lung.")
    notes = [parse_note(text, "viewer") for text in texts]
    order = balanced_order(notes, 20)
    assert sorted(set(order)) == list(range(len(notes)))
    assert [order.count(number) for number in (0, 12, 16, 17, 22)] == [1, 3, 12, 1, 1]
    assert max(map(balanced_order(notes, 5).count, range(len(notes)))) == 5
    assert balanced_order(notes, 1) == list(range(len(notes)))


def test_repeated_radiographs_get_views_of_their_own(lvit_folder):
    table = next((lvit_folder / "Train_Folder").glob("*.xlsx"))
    book = openpyxl.load_workbook(table)
    book.active.cell(2, 2).value = "Unilateral pulmonary infection, one infected area, upper left lung."
    book.save(table)
    datamodule = ReferringDataModule(str(lvit_folder), balance_zones=3)
    dataset = datamodule.dataset("train")
    repeated = [position for position, number in enumerate(dataset.order) if number == 0]
    assert len(repeated) == 3
    assert set(dataset.order) == set(range(len(dataset.samples)))
    first, second = (dataset[(position, seed)][0] for seed, position in enumerate(repeated[:2]))
    assert not torch.equal(first, second)
    assert len(datamodule.dataset("val")) == len(datamodule.dataset("val").samples), "only training repeats"


def test_share_is_the_frequency_of_interventions():
    interventions = made_interventions(0.25)
    rng = np.random.default_rng(1)
    drawn = [interventions(0, rng) is not None for _ in range(2000)]
    assert np.mean(drawn) == pytest.approx(0.25, abs=0.03)


def test_without_interventions_samples_have_no_weight_and_the_same_views(lvit_folder):
    plain = ReferringDataModule(str(lvit_folder)).dataset("train")
    switched = ReferringDataModule(str(lvit_folder), interventions=0.0, own_zone_overrules=False).dataset("train")
    assert plain.interventions is None
    for index in range(8):
        first, second = plain[(index, 5)], switched[(index, 5)]
        assert len(first) == 3
        assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_several_notes_of_a_radiograph_share_its_view(lvit_folder):
    folder, options = str(lvit_folder), {"interventions": 1.0, "note_variation": 0}
    one, three = (ReferringDataModule(folder, notes_per_image=n, **options).dataset("train") for n in (1, 3))
    note, prompts = three.samples[2].note, set()
    for seed in range(20):
        image, masks, tokens, weights = three[(2, seed)]
        assert masks.shape == weights.shape == (3, 224, 224)
        assert tokens.shape == (3 * 20,)
        assert image.shape == one[(2, seed)][0].shape
        own, *drawn = (tuple(row.tolist()) for row in tokens.view(3, 20))
        prompts |= set(drawn)
        assert own in {tuple(tokenize([text], 20)[0].tolist()) for text in (note, swap_sides(note))}
    assert len(prompts) > 5, "the places are drawn independently of each other"


def test_batches_carry_weights_only_in_training(lvit_folder):
    datamodule = ReferringDataModule(str(lvit_folder), batch_size=4, workers=0, interventions=1.0)
    assert [tensor.shape[1:] for tensor in next(iter(datamodule.train_dataloader()))] == [
        (1, 224, 224),
        (1, 224, 224),
        (20,),
        (1, 224, 224),
    ]
    assert len(next(iter(datamodule.val_dataloader()))) == 3
    first, again = (ReferringDataModule(str(lvit_folder), interventions=1.0).dataset("train")[(3, 9)] for _ in "ab")
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))

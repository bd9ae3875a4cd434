"""ChestX-Det's polygons become masks, and notes that name finding, side and zones; on data made in its layout."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from CausalCLIPSegLib.mask import LungExtent
from CausalCLIPSegLib.model.tokens import WORDS, WORDS_OF_FINDINGS, encode
from CausalCLIPSegLib.network.configuration import TextConfiguration
from CausalCLIPSegLib.notes import FINDING_WORDS, parse_note
from training.__main__ import app
from training.data.chestx_det import finding_of_category, import_split, read_annotations, write_note
from training.data.datamodule import ReferringDataModule
from training.data.prompts import with_prompts
from training.data.splits import DatasetError, Sample, read_split

SIZE = 128
LOWER_LEFT = [[15, 85], [50, 85], [50, 110], [15, 110]]
"""On the viewer's left, which is the patient's right."""
PUBLISHED = {
    "Atelectasis": "atelectasis, one area, ",
    "Calcification": "calcification, one area, ",
    "Cardiomegaly": "cardiomegaly, one area, ",
    "Consolidation": "pulmonary infection, one infected area, ",
    "Diffuse Nodule": "nodule, one area, ",
    "Effusion": "pleural effusion, one area, ",
    "Emphysema": "emphysema, one area, ",
    "Fibrosis": "pulmonary fibrosis, one area, ",
    "Fracture": "fracture, one area, ",
    "Mass": "mass, one area, ",
    "Nodule": "nodule, one area, ",
    "Pleural Thickening": "pleural thickening, one area, ",
    "Pneumothorax": "pneumothorax, one area, ",
}
"""The findings of the data set, and what their prompts name."""
LOWER_RIGHT = np.zeros((100, 100), bool)
LOWER_RIGHT[80:95, 10:40] = True
UPPER_RIGHT = [[80, 20], [110, 20], [110, 35], [80, 35]]


def area(finding, polygon):
    return finding, [*polygon[0], *polygon[2]], polygon


def annotation(name, *areas):
    syms, boxes, polygons = (list(each) for each in zip(*areas, strict=True)) if areas else ([], [], [])
    return {"file_name": name, "syms": syms, "boxes": boxes, "polygons": polygons}


@pytest.fixture
def published(tmp_path):
    """An annotation file and its images; 5.png is not there, and 3.png has no finding."""
    images = tmp_path / "images"
    images.mkdir()
    for number in (1, 2, 3):
        image = Image.new("L", (SIZE, SIZE), 60)
        ImageDraw.Draw(image).rectangle((10 * number, 30, 60, 100), fill=20)
        image.save(images / f"{number}.png")
    content = [
        annotation("1.png", area("Effusion", LOWER_LEFT), area("Nodule", UPPER_RIGHT), area("Effusion", UPPER_RIGHT)),
        annotation("2.png", area("Pleural Thickening", LOWER_LEFT), area("Mass", [[3, 3], [4, 3], [4, 4]])),
        annotation("3.png"),
        annotation("5.png", area("Mass", LOWER_LEFT)),
    ]
    path = tmp_path / "ChestX_Det_train.json"
    path.write_text(json.dumps(content))
    return path, images


def test_each_finding_of_an_image_becomes_a_row_with_its_mask_and_note(published, tmp_path, capsys):
    path, images = published
    output = tmp_path / "out"
    arguments = ["--annotations", str(path), "--images", str(images), "--output", str(output)]
    app(["import-chestx-det", *arguments], standalone_mode=False)
    assert "3 rows" in capsys.readouterr().out, "a tiny area is not described"
    rows = {sample.name: sample for sample in read_split(output, "train")}
    assert set(rows) == {"1-effusion", "1-nodule", "2-pleural-thickening"}
    assert {sample.image.name for sample in rows.values()} == {"1.png", "2.png"}
    for sample in rows.values():
        radiograph, mask = sample.load()
        assert mask.shape == radiograph.pixels.shape
        note = parse_note(sample.note, sample.laterality)
        for side, columns in (("right", mask[:, : SIZE // 2]), ("left", mask[:, SIZE // 2 :])):
            assert (side in note.sides or side in sample.note) is bool(columns.any()), sample.note
    effusion = rows["1-effusion"].load_mask()
    assert effusion[95, 30]
    assert effusion[25, 90]
    assert not rows["1-nodule"].load_mask()[95, 30]


def test_its_rows_train_with_prompts_that_name_their_finding(published, tmp_path):
    path, images = published
    output = tmp_path / "out"
    arguments = ["--annotations", str(path), "--images", str(images), "--output", str(output)]
    app(["import-chestx-det", *arguments], standalone_mode=False)
    prompts = {sample.name: sample.note for sample in with_prompts(read_split(output, "train"))}
    begins = {
        "1-effusion": "Bilateral pleural effusion, ",
        "1-nodule": "Unilateral nodule, ",
        "2-pleural-thickening": "Unilateral pleural thickening, ",
    }
    assert {name: prompts[name].startswith(begin) for name, begin in begins.items()} == dict.fromkeys(begins, True)
    for prompt in prompts.values():
        assert (encode(prompt, TextConfiguration(context_length=24)) > 0).sum() > 6


@pytest.mark.parametrize("options", [{}, {"note_dropout": 0.5}, {"interventions": 1.0}, {"note_dropout": 1.0}])
def test_what_is_asked_in_training_is_about_the_finding_of_the_row(published, tmp_path, options):
    path, images = published
    output = tmp_path / "out"
    arguments = ["--annotations", str(path), "--images", str(images), "--output", str(output)]
    app(["import-chestx-det", *arguments], standalone_mode=False)
    data = ReferringDataModule(str(output), say_notes=True, **options)
    data.image_size, data.context_length = 64, 24
    dataset = data.dataset("train")
    for row, sample in enumerate(dataset.samples):
        name = FINDING_WORDS[sample.name.split("-", 1)[1].replace("-", " ")]
        words = {token for word in name.split() for token in WORDS_OF_FINDINGS[word]}
        for seed in range(12):
            tokens = set(dataset[row, seed][2].tolist())
            assert words <= tokens, (sample.note, options)
            assert not tokens & set(WORDS["infection"])


@pytest.mark.parametrize("category", PUBLISHED)
@pytest.mark.parametrize("spelling", [str, str.upper, lambda text: f" {text.lower().replace(' ', '_')} "])
def test_every_published_finding_has_a_prompt(category, spelling):
    note = write_note(finding_of_category(spelling(category)), LOWER_RIGHT, LungExtent(0.1, 0.9))
    (prompted,) = with_prompts([Sample("a", Path("a.png"), Path("a.png"), note, "patient")])
    assert prompted.note == f"Unilateral {PUBLISHED[category]}lower right lung."


@pytest.mark.parametrize("category", ["Broncho-hexagon", "Right lower zone", "Device", "", " ", "結節", "No finding"])
def test_other_categories_are_no_finding(category):
    """A note that names only a place would be read as one about an infection."""
    assert finding_of_category(category) is None


def import_changed(published, tmp_path, change):
    """Change the annotations and the folder of the images; return the imported samples by name."""
    path, images = published
    content = change(json.loads(path.read_text()), images)
    path.write_text(json.dumps(content))
    import_split(path, images, tmp_path / "out", "train")
    return {sample.name: sample for sample in read_split(tmp_path / "out", "train")}


def rename_images(change):
    def rename(content, images):
        for image in list(images.iterdir()):
            image.rename(change(image))
        return content

    return rename


def convert_images(content, images):
    for image in list(images.iterdir()):
        Image.open(image).save(image.with_suffix(".bmp"))
        image.unlink()
    return content


def hidden_files(content, images):
    (images / "._1.png").write_bytes(b"\0")
    (images / "Thumbs.db").write_bytes(b"\0")
    return content


SAME = {
    "names in capitals": rename_images(lambda path: path.with_name(path.name.upper())),
    "another extension": convert_images,
    "hidden files": hidden_files,
    "an image in several entries": lambda content, _: [
        annotation(each["file_name"], area(category, polygon))
        for each in content
        for category, polygon in zip(each["syms"], each["polygons"], strict=True)
    ],
    "polygons without an area": lambda content, _: [
        {
            **each,
            "syms": [*each["syms"], "Mass", "Effusion", "Mass"],
            "boxes": [*each["boxes"], *[[0, 0, 1, 1]] * 3],
            "polygons": [*each["polygons"], [], [[20, 90], [40, 90]], [[1, 1]]],
        }
        for each in content
    ],
    "unknown categories": lambda content, _: [
        *content,
        annotation("3.png", area("Foreign body", LOWER_LEFT), area("Right lower zone", LOWER_LEFT)),
    ],
    "other fields": lambda content, _: [{**each, "image_id": 1} for each in content],
}


@pytest.mark.parametrize("kind", SAME)
def test_variants_of_the_data_set_give_the_same_rows(published, tmp_path, kind):
    (tmp_path / "plain").mkdir()
    import_split(*published, tmp_path / "plain", "train")
    plain = read_split(tmp_path / "plain", "train")
    rows = import_changed(published, tmp_path, SAME[kind])
    assert {name.lower() for name in rows} == {sample.name for sample in plain}
    for sample in plain:
        same = rows.get(sample.name) or rows[sample.name.upper()]
        assert same.note == sample.note
        np.testing.assert_array_equal(same.load_mask(), sample.load_mask())


@pytest.mark.parametrize(
    "encode", [lambda text: b"\xef\xbb\xbf" + text.encode(), lambda text: text.replace(",", ",\r\n").encode()]
)
def test_annotations_may_begin_with_a_mark_and_have_any_line_ends(published, encode):
    path, _ = published
    before = read_annotations(path)
    path.write_bytes(encode(path.read_text()))
    assert read_annotations(path) == before


def test_categories_of_one_finding_share_a_mask(published, tmp_path):
    """Both ask the same of the network, so both areas are the answer."""
    areas = area("Nodule", LOWER_LEFT), area("Diffuse Nodule", UPPER_RIGHT)
    (sample,) = import_changed(published, tmp_path, lambda *_: [annotation("1.png", *areas)]).values()
    assert sample.name == "1-nodule"
    assert sample.load_mask()[95, 30]
    assert sample.load_mask()[25, 90]


def test_what_is_left_out_is_counted(published, tmp_path, caplog):
    unknown = annotation("3.png", *[area("Foreign body", LOWER_LEFT)] * 2)
    import_changed(published, tmp_path, lambda content, _: [*content, unknown])
    assert "Images without a file: 1 (first 5.png)." in caplog.text
    assert "Areas of “Foreign body” that are left out, because prompts have no words for it: 2." in caplog.text


def test_images_of_another_size_are_refused(published, tmp_path):
    def shrink(content, images):
        for image in images.iterdir():
            Image.open(image).resize((64, 64)).save(image)
        return content

    with pytest.raises(DatasetError, match=r"areas of 1\.png reach beyond it"):
        import_changed(published, tmp_path, shrink)


def test_two_files_of_one_image_are_refused(published, tmp_path):
    def copy(content, images):
        Image.open(images / "1.png").save(images / "1.bmp")
        return content

    with pytest.raises(DatasetError, match=r"1\.bmp and 1\.png"):
        import_changed(published, tmp_path, copy)


@pytest.mark.parametrize(
    ("rows", "columns", "note"),
    [
        ((80, 95), (60, 90), "Effusion, left lower zone."),
        ((5, 20), (10, 40), "Effusion, right upper zone."),
        ((5, 95), (10, 40), "Effusion, whole right lung."),
    ],
)
def test_the_note_names_finding_side_and_zones(rows, columns, note):
    mask = np.zeros((100, 100), bool)
    mask[slice(*rows), slice(*columns)] = True
    assert write_note("effusion", mask, LungExtent(0.1, 0.9)) == note
    assert write_note("effusion", np.zeros((100, 100), bool), LungExtent(0.1, 0.9)) is None


@pytest.mark.parametrize(
    "content",
    [
        "no JSON",
        '{"images": []}',
        json.dumps([{**annotation("1.png", area("Mass", LOWER_LEFT)), "polygons": []}]),
        json.dumps([annotation("../1.png", area("Mass", LOWER_LEFT))]),
        json.dumps([annotation("1.png", ("Mass", [0, 0, 1, 1], [[1], [2, 3], [4, 5]]))]),
        json.dumps([annotation("1.png", ("Mass", [0, 0, 1, 1], [[float("nan"), 2], [2, 3], [4, 5]]))]),
        json.dumps([{"file_name": "1.png"}]),
        json.dumps([{**annotation("1.png"), "file_name": 1}]),
        "",
    ],
)
def test_rejects_files_in_another_layout(tmp_path, content):
    path = tmp_path / "file.json"
    path.write_text(content)
    with pytest.raises(DatasetError, match="no annotation file of ChestX-Det"):
        read_annotations(path)


def test_a_folder_without_the_images_is_an_error(published, tmp_path):
    path, _ = published
    arguments = ["--annotations", str(path), "--images", str(tmp_path), "--output", str(tmp_path / "out")]
    with pytest.raises(DatasetError, match="no image with a finding"):
        app(["import-chestx-det", *arguments], standalone_mode=False)

"""A small data set in LViT's layout, and a configuration that trains on it in seconds."""

from collections.abc import Iterator
from pathlib import Path
from weakref import WeakKeyDictionary

import numpy as np
import onnx
import openpyxl
import pytest
import yaml
from PIL import Image

from training.export import graphs

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session", autouse=True)
def graphs_are_traced_once() -> Iterator[None]:
    """Trace each part of each network once; it takes most of the time of an export, and the weights do not matter."""
    configurations: WeakKeyDictionary = WeakKeyDictionary()
    traced: dict[tuple[str, ...], bytes] = {}
    parts_of, trace = graphs.parts_of, graphs._trace

    def known_parts_of(network):
        parts = parts_of(network)
        for part in (parts.text, parts.image, parts.decoder):
            configurations[part] = network.configuration.model_dump_json()
        return parts

    def trace_once(part, *arguments):
        key = (type(part).__name__, configurations[part])
        if key not in traced:
            traced[key] = trace(part, *arguments).SerializeToString()
        return onnx.load_from_string(traced[key])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(graphs, "parts_of", known_parts_of)
        patch.setattr(graphs, "_trace", trace_once)
        yield


@pytest.fixture
def lvit_folder(tmp_path: Path) -> Path:
    """Train_Folder and Val_Folder with 8 images of 64 x 64; the lesion is on the viewer's side that the note names."""
    rng = np.random.default_rng(0)
    for split in ("Train", "Val"):
        folder = tmp_path / "data" / f"{split}_Folder"
        (folder / "img").mkdir(parents=True)
        (folder / "labelcol").mkdir()
        book = openpyxl.Workbook()
        book.active.append(["Image", "Description"])
        for index in range(8):
            side = ("left", "right")[index % 2]
            image = rng.integers(20, 60, (64, 64), dtype=np.uint8)
            mask = np.zeros((64, 64), np.uint8)
            start = 8 if side == "left" else 40
            mask[20:44, start : start + 16] = 255
            image[mask > 0] += 120
            Image.fromarray(image).save(folder / "img" / f"image_{index}.png")
            Image.fromarray(mask).save(folder / "labelcol" / f"mask_image_{index}.png")
            note = f"Unilateral pulmonary infection, one infected area, middle {side} lung."
            book.active.append([f"mask_image_{index}.png ", note])
        book.save(folder / f"{split}_text.xlsx")
    return tmp_path / "data"


@pytest.fixture
def configuration(tmp_path, tiny_network, tiny_card) -> Path:
    """The settings of default.yaml with a tiny network; the text of its card is in card.yaml in the same folder."""
    settings = yaml.safe_load((ROOT / "training" / "configs" / "default.yaml").read_text())
    settings["model"] |= {
        "network": tiny_network.model_dump(mode="json"),
        "initialisation": "random",
        "frozen": [],
        "warmup_steps": 2,
    }
    settings["data"] |= {"batch_size": 4, "workers": 0, "note_variation": 0.0}
    settings["trainer"] |= {"max_epochs": 8, "log_every_n_steps": 1, "enable_progress_bar": False}
    settings["trainer"]["accelerator"] = "cpu"
    settings["trainer"]["callbacks"][0]["init_args"] = {"films": 2}
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump(settings))
    (tmp_path / "card.yaml").write_text(yaml.safe_dump(tiny_card))
    return path

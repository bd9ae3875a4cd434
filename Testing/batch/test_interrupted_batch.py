"""A batch that is killed at any moment continues, and ends with the table of a batch that was not killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from small_images import add_image

from CausalCLIPSegLib.batch.inputs import read_items
from CausalCLIPSegLib.batch.runner import Batch
from CausalCLIPSegLib.batch.table import Rows
from CausalCLIPSegLib.batch.task import Settings
from CausalCLIPSegLib.errors import OutputError

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
ROOT = Path(__file__).parents[2]
KILLS = 6
IMAGES = 6


@pytest.fixture
def folder(tmp_path):
    for number in range(IMAGES):
        add_image(tmp_path / "images" / f"{number}.png", "Left lower lobe pneumonia.", seed=number)
    add_image(tmp_path / "images" / "=1+1.png", "Right basal opacity.")
    (tmp_path / "images" / "damaged.png").write_bytes(b"nothing")
    (tmp_path / "images" / "damaged.txt").write_text("Left lower lobe pneumonia.")
    return tmp_path / "images"


@pytest.fixture
def start(folder, tiny_checkpoint_to_read):
    """Return a function that starts the command in a process group of its own."""

    def start(out: str, *options: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "CausalCLIPSegLib.cli", "batch", folder, "--output", folder.parent / out]
        command += ["--checkpoint", tiny_checkpoint_to_read, "--device", "cpu", "--threshold", "0.01", *options]
        return subprocess.Popen(
            command,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            start_new_session=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    return start


def content(out: Path) -> dict[str, set[str]]:
    return {path.name: {each.name for each in path.iterdir()} for path in out.iterdir() if path.is_dir()}


def test_batch_that_is_killed_again_and_again_gives_the_same_table(start, folder):
    whole, out = folder.parent / "whole", folder.parent / "out"
    assert start("whole", "--jobs", "1").wait() == 3  # one image is damaged
    for attempt in range(KILLS):
        process = start("out", "--jobs", "2")
        process.stdout.readline()  # an image is done
        time.sleep(0.02 * attempt)
        number = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)[attempt % 3]
        # Ctrl-C reaches all processes of a terminal, and so may a cluster's signal; a person ends one.
        (os.killpg if attempt % 2 else os.kill)(process.pid, number)
        process.communicate()
    assert start("out", "--jobs", "2").wait() == 3
    assert (out / "films.csv").read_bytes() == (whole / "films.csv").read_bytes()
    assert content(out) == content(whole)
    assert not list(out.glob(".*"))


@pytest.mark.parametrize("kept", [0, 3, IMAGES])
def test_result_without_a_row_is_recognized(folder, tiny_checkpoint_to_read, kept):
    from batch_work import InThisProcess

    out = folder.parent / "out"

    def run() -> bytes:
        batch = Batch(out, Settings(threshold=0.01), tiny_checkpoint_to_read, "cpu", executor=InThisProcess())
        with Rows(out / "films.csv") as rows:
            list(batch.run(read_items(folder, out), rows))
        return (out / "films.csv").read_bytes()

    whole = run()
    results = {path: path.read_bytes() for path in out.glob("*/result.json")}
    lines = whole.splitlines(keepends=True)
    (out / "films.csv").write_bytes(b"".join(lines[: 1 + kept]) + lines[1 + kept][:20])
    assert run() == whole
    assert {path: path.read_bytes() for path in out.glob("*/result.json")} == results


def test_second_batch_with_the_same_folder_is_refused(folder, tmp_path):
    with Rows(tmp_path / "out" / "films.csv"):
        code = (
            "import sys; from pathlib import Path; from CausalCLIPSegLib.batch.table import Rows\n"
            "from CausalCLIPSegLib.errors import OutputError\n"
            "try: Rows(Path(sys.argv[1])).__enter__()\n"
            "except OutputError as error: print(error)\n"
        )
        second = subprocess.run(
            [sys.executable, "-c", code, tmp_path / "out" / "films.csv"],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
        )
    assert second.stdout.startswith("Another run is writing "), second.stderr
    assert not (tmp_path / "out").exists()  # no image, no row, no folder


def test_table_that_is_no_regular_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "films.csv")
    with pytest.raises(OutputError, match="not a regular file"):
        Rows(tmp_path / "films.csv")

"""The front door: the command as a user types it, on real films, with the embedded checkpoint."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from PIL import Image
from pydicom import dcmread
from pydicom.data import get_testdata_file

ROOT = Path(__file__).parents[2]
FILM = str(get_testdata_file("RG1_UNCR.dcm", download=False))


def causalclipseg(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    return subprocess.run(
        [sys.executable, "-m", "CausalCLIPSegLib.cli", *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
    )


def refused(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def test_the_demo_writes_everything_and_says_what_it_found(tmp_path):
    done = causalclipseg("demo", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "causalclipseg-demo"
    assert sorted(path.name for path in folder.iterdir()) == [
        *("overlay.png", "result.json", "segmentation.dcm", "segmentation.seg.nrrd"),
    ]
    result = json.loads((folder / "result.json").read_text())
    assert result["prompt"].startswith("Bilateral pulmonary infection")
    assert result["laterality"] == "viewer"
    assert result["area_mm2"] is None
    assert 0 < result["area_fraction"] < 0.5
    assert {segment["side_patient"] for segment in result["segments"]} == {"left", "right"}
    assert done.stdout.count("For research, not for diagnosis.") == 1
    for words in (result["prompt"], "patient's right", "patient's left", "overlay.png"):
        assert words in done.stdout
    labels = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(folder / "segmentation.seg.nrrd")))
    assert labels.shape[-2:] == (1955, 1841) or labels.shape[1:3] == (1955, 1841)
    assert 0 < (labels > 0).mean() < 0.5
    with Image.open(folder / "overlay.png") as picture:
        assert min(picture.size) > 1000
    filed = dcmread(folder / "segmentation.dcm")
    assert (filed.Rows, filed.Columns) == (1955, 1841)
    assert filed.StudyInstanceUID == dcmread(FILM, stop_before_pixels=True).StudyInstanceUID
    shares = [segment["area_fraction"] for segment in result["segments"]]
    np.testing.assert_allclose(filed.pixel_array.mean(axis=(1, 2)), shares, atol=1e-6)
    # the film does not say that nothing is burned in
    assert any("burned into the picture" in sentence for sentence in result["warnings"])
    assert "burned into the picture" in done.stdout
    assert str(filed.PatientName) not in (folder / "result.json").read_text() + done.stdout + done.stderr
    again = causalclipseg("demo", cwd=tmp_path)
    assert again.returncode == 0, again.stderr


@pytest.fixture
def png(tmp_path) -> Path:
    """The film of the demo as a small 8-bit picture."""
    values = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(FILM))[0].astype(np.float32)
    low, high = np.percentile(values, [1, 99])
    path = tmp_path / "film.png"
    picture = Image.fromarray((np.clip((values - low) / (high - low), 0, 1) * 255).astype(np.uint8))
    picture.resize((255, 271)).save(path)
    return path


def test_a_note_of_one_side_outlines_that_side(tmp_path, png):
    (tmp_path / "note.txt").write_text("Rounded opacities in the right lower zone.\n", encoding="utf-8")
    done = causalclipseg("segment", "film.png", "--note-file", "note.txt", "--output", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "out" / "result.json").read_text())
    assert result["sides"] == ["right"]
    assert "left lung" in result["prompt"]
    areas = {segment["side_patient"]: segment["area_fraction"] for segment in result["segments"]}
    assert areas.get("right", 0) >= 0.95 * sum(areas.values())


@pytest.mark.parametrize("group", [[], ["seg"], ["pacs"]], ids=str)
def test_without_a_command_there_is_the_help(tmp_path, group):
    done = causalclipseg(*group, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    lines = done.stderr.splitlines()
    assert lines[0].startswith("Usage: ")
    assert "Commands:" in lines


def test_a_result_is_not_replaced_without_being_told(tmp_path, png):
    first = causalclipseg("segment", "film.png", "--note", "right lower opacity", "--output", "out", cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    before = (tmp_path / "out" / "result.json").read_bytes()
    sentence = refused(causalclipseg("segment", "film.png", "--note", "left", "--output", "out", cwd=tmp_path))
    assert "earlier run" in sentence
    unloaded = ["--checkpoint", "none"]  # is told before all that takes time
    at_once = causalclipseg("segment", "film.png", "--note", "left", "--output", "out", *unloaded, cwd=tmp_path)
    assert refused(at_once) == sentence
    assert (tmp_path / "out" / "result.json").read_bytes() == before
    last = causalclipseg("segment", "film.png", "--note", "left", "--output", "out", "--force", cwd=tmp_path)
    assert last.returncode == 0, last.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["segment", "missing.png", "--note", "right lower opacity"], "no such file"),
        (["segment", "film.png"], "--note TEXT"),
        (["segment", "film.png", "--note", "a", "--note-file", "b"], "either"),
        (["segment", "film.png", "--note-file", "missing.txt"], "missing.txt"),
        (["segment", "film.png", "--note", "No focal consolidation."], "no finding"),
        (["segment", "film.png", "--note", "left opacity", "--threshold", "1.5"], "threshold"),
        (["segment", "film.png", "--note", "left opacity", "--checkpoint", "none"], "no checkpoint"),
        (["segment", "film.png", "--note", "left opacity", "--device", "abacus"], "abacus"),
        (["segment", "film.png", "--note", "left opacity", "--colour", "red"], "--colour"),
        (["note"], "either"),
        (["batch", "missing"], "no folder or table"),
        (["batch", "film.png"], "neither a folder nor a table"),
        (["batch", ".", "--threshold", "0"], "threshold"),
        (["batch", ".", "--checkpoint", "none"], "no checkpoint"),
        (["batch", ".", "--language", "fr"], "language 'fr'"),
    ],
)
def test_a_mistake_is_one_line_and_leaves_nothing(tmp_path, png, arguments, words):
    assert words in refused(causalclipseg(*arguments, cwd=tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["film.png"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["segment", "film.png", "--device", "abacus"],
        ["seg", "convert", "film.dcm", "--to", "name.seg.nrrd"],
        ["pacs", "find", "--level", "ward"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_value_that_is_no_choice_is_told_with_the_choices(tmp_path, arguments):
    sentence = refused(causalclipseg(*arguments, cwd=tmp_path))
    assert sentence.startswith(f"Invalid value for '{arguments[-2]}': '{arguments[-1]}' is not one of '")


def test_the_output_folder_may_not_be_a_file(tmp_path, png):
    done = causalclipseg("segment", "film.png", "--note", "left opacity", "--output", "film.png", cwd=tmp_path)
    assert "film.png" in refused(done)


def test_note_tells_what_is_understood_as_json_lines(tmp_path):
    (tmp_path / "notes.txt").write_text("RLL pneumonia.\n\nNo focal consolidation.\n", encoding="utf-8")
    done = causalclipseg("note", "--file", "notes.txt", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    one, none = map(json.loads, done.stdout.splitlines())
    assert (one["sides"], one["zones"], one["laterality"]) == (["right"], {"right": ["lower"]}, "viewer")
    assert one["prompt"] == "Unilateral pulmonary infection, one infected area, lower left lung."
    assert none["sides"] == []
    assert none["prompt"] is None
    assert {"findings", "ignored"} <= set(one)


def test_a_file_without_a_note_is_told(tmp_path):
    (tmp_path / "notes.txt").write_text("\n \n", encoding="utf-8")
    assert "empty" in refused(causalclipseg("note", "--file", "notes.txt", cwd=tmp_path))


def test_a_film_that_is_named_by_its_uid_gives_its_whole_name_to_the_result(tmp_path, png):
    png.rename(tmp_path / "1.2.840.1.dcm")  # the content says what it is
    done = causalclipseg("segment", "1.2.840.1.dcm", "--note", "right lower opacity", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "1.2.840.1-segmentation" / "result.json").is_file()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no file is named so")
def test_a_film_that_is_named_in_another_encoding(tmp_path, png):
    name = os.fsdecode("für.png".encode("latin-1"))
    png.rename(tmp_path / name)
    done = causalclipseg("segment", name, "--note", "right lower opacity", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "f\\udcfcr-segmentation" in done.stdout
    assert (tmp_path / name.replace(".png", "-segmentation") / "result.json").is_file()


def test_many_films_by_one_command(tmp_path, png):
    films = tmp_path / "films"
    films.mkdir()
    for name, note in (("a", "right lower opacity"), ("b", "Normal chest.")):
        shutil.copy(png, films / f"{name}.png")
        (films / f"{name}.txt").write_text(note, encoding="utf-8")
    done = causalclipseg("batch", "films", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")  # a report without a finding is no failure
    first, second, count, table, research = done.stdout.splitlines()
    assert first.startswith("1/2 a.png: patient's right ")
    assert second == "2/2 b.png: no finding: The note names no finding that can be outlined."
    assert count == "2 films: 1 no finding, 1 outlined."
    assert (tmp_path / table).read_text(encoding="utf-8").count("\n") == 3
    assert research == "For research, not for diagnosis."
    (films / "c.png").write_bytes(b"no picture")
    (films / "c.txt").write_text("left opacity", encoding="utf-8")
    again = causalclipseg("batch", "films", cwd=tmp_path)
    assert (again.returncode, again.stderr) == (3, "")
    assert "1 no finding, 1 outlined before, 1 refused" in again.stdout


@pytest.mark.skipif(os.name == "nt", reason="there a process is ended at once")
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "cluster"])
def test_many_films_can_be_stopped(tmp_path, png, sign):
    films = tmp_path / "films"
    films.mkdir()
    for number in range(200):
        shutil.copy(png, films / f"{number:03}.png")
        (films / f"{number:03}.txt").write_text("right lower opacity", encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "CausalCLIPSegLib.cli", "batch", "films", "--output", "out"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("1/200 000.png: ")
    process.send_signal(sign)
    _, said = process.communicate()
    assert process.returncode == 130, said
    assert said.startswith("Stopped after ")
    assert said.endswith(" of 200 films; the same command goes on.\n")
    ended = int(said.split()[2])
    assert (tmp_path / "out" / "films.csv").read_text(encoding="utf-8").count("\n") - 1 in (ended, ended + 1)
    assert not [path for path in (tmp_path / "out").iterdir() if path.name.startswith(".")]


def test_a_note_is_shown_as_it_was_written(tmp_path):
    note = "[bold]RLL[/left] pneumonia :lungs: [red"
    done = causalclipseg("note", note, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert note in done.stdout


def test_note_in_words_names_the_side_of_the_patient_and_of_the_picture(tmp_path):
    done = causalclipseg("note", "RLL pneumonia.", cwd=tmp_path)
    assert "patient's right lung (on the left of the picture): lower zone" in done.stdout


def test_the_version_is_that_of_the_package(tmp_path):
    from CausalCLIPSegLib import __version__

    assert causalclipseg("--version", cwd=tmp_path).stdout.strip() == __version__


def test_importing_the_library_loads_no_torch(tmp_path):
    code = "import sys, CausalCLIPSegLib, CausalCLIPSegLib.cli, CausalCLIPSegLib.notes, CausalCLIPSegLib.radiograph;"
    code += "import CausalCLIPSegLib.model.card;"
    code += "import CausalCLIPSegLib.export; assert 'torch' not in sys.modules"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, cwd=tmp_path)


def test_verbose_opens_this_programs_own_log_alone(tmp_path):
    code = "import logging; from typer.testing import CliRunner; from CausalCLIPSegLib.cli import app;"
    code += "CliRunner().invoke(app, ['--verbose', 'note', 'RLL']);"
    code += "print(*(logging.getLogger(name).isEnabledFor(logging.DEBUG) for name in ('CausalCLIPSegLib.cli', 'PIL')))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], check=True, env=environment, cwd=tmp_path, capture_output=True)
    assert done.stdout.split() == [b"True", b"False"]


def test_where_note_and_outline_disagree_is_said(png, tmp_path):
    arguments = ("--note", "Opacity in the left upper zone.", "--threshold", "0.001", "--output", "result")
    done = causalclipseg("segment", str(png), *arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    sentences = json.loads((tmp_path / "result" / "result.json").read_text())["disagreements"]
    assert sentences
    assert all(one in done.stdout for one in sentences)

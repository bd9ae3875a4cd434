"""Processes of a batch: all are busy, each may end at any time, and only its image is lost."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from batch_work import ENDINGS, Load, items_with_names

from CausalCLIPSegLib.batch import executor
from CausalCLIPSegLib.batch.processes import Processes
from CausalCLIPSegLib.errors import CausalCLIPSegError

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")


def processes_of(log: Path) -> list[int]:
    return [int(path.name.split()[1]) for path in log.glob("process *")]


def exists(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until(condition) -> None:
    for _ in range(600):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("it does not happen")


@pytest.mark.parametrize("count", [1, 3])
def test_only_images_that_end_a_process_are_lost(tmp_path, count):
    names = sorted([*ENDINGS, *(f"{number:02}" for number in range(10))])
    answers = dict(Processes(count).run(Load(tmp_path), items_with_names(*names)))
    outcomes = {item.name: answer and answer.row.status for item, answer in answers.items()}
    assert outcomes == {name: None if name in ENDINGS else "outlined" for name in names}
    attempts = Counter(path.name.split(" in ")[0] for path in tmp_path.glob("* in *"))
    assert attempts == {name: executor.MAX_ATTEMPTS if name in ENDINGS else 1 for name in names}
    assert not any(map(exists, processes_of(tmp_path)))


def test_all_processes_work_at_the_same_time_and_load_once(tmp_path):
    items = items_with_names(*map(str, range(12)))
    assert len(list(Processes(3).run(Load(tmp_path, together=3), items))) == 12
    assert len(processes_of(tmp_path)) == 3


def test_never_starts_more_processes_than_there_are_images(tmp_path):
    list(Processes(8).run(Load(tmp_path), items_with_names("a", "b")))
    assert 1 <= len(processes_of(tmp_path)) <= 2


def test_no_process_is_started_for_no_image(tmp_path):
    assert list(Processes(2).run(Load(tmp_path), [])) == []
    assert processes_of(tmp_path) == []


@pytest.mark.parametrize(("fault", "message"), [("error", "weights are damaged"), ("crash", "while they load")])
def test_batch_ends_if_the_checkpoint_cannot_be_loaded(tmp_path, fault, message):
    with pytest.raises(CausalCLIPSegError, match=message):
        list(Processes(2).run(Load(tmp_path, fault=fault), items_with_names("a", "b", "c")))
    assert not any(map(exists, processes_of(tmp_path)))


def test_image_that_takes_too_long_is_given_up(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(
        "from CausalCLIPSegLib.batch import executor\nexecutor.MAX_SECONDS = 1\n"
    )
    code = (
        "from pathlib import Path; from batch_work import *; from CausalCLIPSegLib.batch.processes import Processes\n"
        "if __name__ == '__main__':\n"
        f"    run = Processes(1).run(Load(Path({str(tmp_path)!r}), seconds=100), items_with_names('slow'))\n"
        "    print(*[answer for _, answer in run])\n"
    )
    (tmp_path / "run.py").write_text(code)
    path = os.pathsep.join([str(tmp_path), *sys.path])
    completed = subprocess.run(
        [sys.executable, "run.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    assert (completed.stdout, completed.stderr) == ("None\n", "")


def test_ending_the_run_ends_its_processes(tmp_path):
    run = Processes(2).run(Load(tmp_path, seconds=0.05), items_with_names(*map(str, range(100))))
    next(run)
    run.close()
    assert not any(map(exists, processes_of(tmp_path)))


def test_process_that_another_program_ends_costs_no_image(tmp_path):
    run = Processes(1).run(Load(tmp_path, seconds=0.3), items_with_names("a", "b"))
    answers = [next(run)]
    os.kill(processes_of(tmp_path)[0], signal.SIGKILL)
    answers += run
    assert [answer.row.status for _, answer in answers] == ["outlined"] * 2


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_processes_end_with_their_parent(tmp_path, number):
    (tmp_path / "run.py").write_text(
        "from pathlib import Path; from batch_work import *; from CausalCLIPSegLib.batch.processes import Processes\n"
        "if __name__ == '__main__':\n"
        f"    list(Processes(2).run(Load(Path({str(tmp_path)!r}), seconds=600), items_with_names('a', 'b', 'c')))\n"
    )
    path = os.pathsep.join(sys.path)
    parent = subprocess.Popen([sys.executable, "run.py"], cwd=tmp_path, env={**os.environ, "PYTHONPATH": path})
    wait_until(lambda: len(list(tmp_path.glob("* in *"))) == 2)
    parent.send_signal(number)
    parent.wait()
    wait_until(lambda: not any(map(exists, processes_of(tmp_path))))

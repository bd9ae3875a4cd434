"""A batch on a Ray cluster of two computers: the same rows, whatever a cluster loses."""

import os
import socket
import sys
from pathlib import Path

import pytest
from batch_work import InThisProcess, Load, items_with_names
from small_images import add_image

from CausalCLIPSegLib.batch import ray_cluster, ray_driver
from CausalCLIPSegLib.batch.inputs import read_items
from CausalCLIPSegLib.batch.ray_cluster import RayCluster
from CausalCLIPSegLib.batch.runner import Batch
from CausalCLIPSegLib.batch.table import Rows
from CausalCLIPSegLib.batch.task import Settings
from CausalCLIPSegLib.errors import CausalCLIPSegError

cluster_utils = pytest.importorskip("ray.cluster_utils", reason="Ray is not installed (causalclipseg[ray])")


@pytest.fixture(scope="module")
def cluster():
    """Two computers with a core each."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
        patch.delenv("TMPDIR", raising=False)  # the names of Ray's sockets have at most 107 characters
        cluster = cluster_utils.Cluster(True, head_node_args={"num_cpus": 1, "include_dashboard": False})
        cluster.add_node(num_cpus=1)
        yield cluster
        cluster.shutdown()


def test_both_computers_work_and_only_images_that_end_a_process_are_lost(cluster, tmp_path):
    names = ["SIGSEGV", *map(str, range(8))]
    run = RayCluster(cluster.address, tmp_path).run(Load(tmp_path, together=2), items_with_names(*names))
    outcomes = {item.name: answer and answer.row.status for item, answer in run}
    assert outcomes == {name: None if name == "SIGSEGV" else "outlined" for name in names}
    assert not list(tmp_path.glob(".*"))


def test_reports_a_checkpoint_that_cannot_be_loaded(cluster, tmp_path):
    with pytest.raises(CausalCLIPSegError, match=r"^The weights are damaged\.$"):
        list(RayCluster(cluster.address, tmp_path).run(Load(tmp_path, fault="error"), items_with_names("a")))


def test_lost_computer_loses_nothing(cluster, tmp_path, tiny_checkpoint_to_read):
    for number in range(24):
        add_image(tmp_path / "images" / f"{number:02}.png", "Left lower lobe pneumonia.", seed=number)
    (tmp_path / "images" / "damaged.png").write_bytes(b"nothing")
    (tmp_path / "images" / "damaged.txt").write_text("Left lower lobe pneumonia.")

    def run(out: Path, executor, lose=lambda: None) -> bytes:
        batch = Batch(out, Settings(threshold=0.01), tiny_checkpoint_to_read, "cpu", executor=executor)
        with Rows(out / "films.csv") as rows:
            for number, _ in enumerate(batch.run(read_items(tmp_path / "images", out), rows)):
                if number == 3:
                    lose()
        return (out / "films.csv").read_bytes()

    second = cluster.worker_nodes.copy().pop()
    table = run(
        tmp_path / "ray",
        RayCluster(cluster.address, tmp_path / "ray"),
        lambda: cluster.remove_node(second, allow_graceful=False),
    )
    assert table == run(tmp_path / "here", InThisProcess())
    assert table.count(b"outlined") == 24
    ray, here = (sorted(path.name for path in (tmp_path / out).iterdir()) for out in ("ray", "here"))
    assert ray == here


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1", "nonsense", "", "local"])
def test_says_that_there_is_no_cluster(tmp_path, address):
    with pytest.raises(CausalCLIPSegError, match=f"^There is no Ray cluster at {address}.$"):
        list(RayCluster(address, tmp_path).run(Load(tmp_path), items_with_names("a")))


def test_gives_up_if_another_program_listens(tmp_path, monkeypatch):
    """Ray itself would wait without end, and so it does for a cluster whose computer was switched off."""
    monkeypatch.setattr(ray_cluster, "_CONNECT_SECONDS", 1)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        monkeypatch.setenv("RAY_ADDRESS", address)  # which Ray prefers to auto
        with pytest.raises(CausalCLIPSegError, match=f"^There is no Ray cluster at {address}.$"):
            list(RayCluster("auto", tmp_path).run(Load(tmp_path), items_with_names("a")))


def test_says_that_ray_is_not_installed(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(CausalCLIPSegError, match=r"^Ray is not installed; install causalclipseg\[ray\]\.$"):
        RayCluster("auto", tmp_path)


def test_names_both_versions_if_they_differ():
    from ray._private.utils import check_version_info

    with pytest.raises(RuntimeError) as raised:
        check_version_info({"ray_version": "2.9.0", "python_version": "3.8.1"}, "this computer")
    message = ray_driver.other_version("head:6379", "2.60.0", str(raised.value))
    assert message.startswith("The Ray cluster at head:6379 has Ray 2.9.0 with Python 3.8.1, but this computer has ")
    assert ray_driver.other_version("head:6379", "2.60.0", "Failed to connect") == ""

"""The choice of the network on the page, and what only some networks show."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from page_viewer import Server, Viewer

from CausalCLIPSegLib import maps
from CausalCLIPSegLib.model.card import FURTHER, read_card, write_card

NOTE = "RLL pneumonia. No effusion."
MAPS = ["None", "Probability", "Causal attention", "Confounder map"]


@pytest.fixture(scope="module")
def two_networks(tiny_reclmis_to_read: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that offers the embedded checkpoints, and a tiny one of RecLMIS that outlines everything."""
    folder = tmp_path_factory.mktemp("further") / "second"
    shutil.copytree(tiny_reclmis_to_read, folder)
    write_card(read_card(folder).model_copy(update={"title": "A second network", "threshold": 0.05}), folder)
    server = Server(environment={FURTHER: str(folder.parent)})
    yield server
    server.stop()


def shown_maps(viewer: Viewer) -> list[str]:
    return viewer.page.locator("#map option").all_inner_texts()


def test_a_person_chooses_the_network_and_sees_what_only_it_can_show(
    new_viewer: Callable[..., Viewer], two_networks: Server, radiograph: Path
) -> None:
    viewer = new_viewer(two_networks).open()
    page = viewer.page
    viewer.open_file(radiograph)
    assert page.is_visible("#checkpoint")
    viewer.run(NOTE)
    assert "causalclipseg-lite0" in page.inner_text("#outlined-by")
    assert shown_maps(viewer) == MAPS
    assert page.is_hidden("#heard")
    page.select_option("#map", "causal_attention")
    page.wait_for_selector("#legend:not([hidden])")
    assert page.inner_text("#map-worth") == maps.KNOWN["causal_attention"].worth

    page.select_option("#checkpoint", "second")
    assert page.inner_text("#checkpoint-summary") == "Random weights, for tests."
    viewer.run()
    assert page.inner_text("#outlined-by") == "Outlined by A second network (tiny 0)"
    assert shown_maps(viewer) == ["None", "Probability", "Patches of interest"]
    assert page.locator("#map option").last.get_attribute("title") == maps.KNOWN["patches_of_interest"].worth
    page.select_option("#map", "patches_of_interest")
    page.wait_for_selector("#legend:not([hidden])")
    marks = page.locator("#heard .heard >> nth=0").locator("mark")
    assert [mark.split(" (")[0] for mark in marks.all_text_contents()] == ["RLL", "pneumonia"]
    assert all(title.endswith(" % of the interest") for title in (mark.get_attribute("title") for mark in marks.all()))
    assert "% of the interest" in page.locator("#heard").aria_snapshot(), "a screen reader says the share"
    assert "whose left and right are the viewer" in page.inner_text("#heard")
    strengths = [float(mark.evaluate("e => e.style.getPropertyValue('--interest')")) for mark in marks.all()]
    assert 0 < min(strengths) < max(strengths) <= 1
    viewer.screenshot("second-network")
    report = json.loads(viewer.download(lambda: page.click("[data-export='result.json']")).read_text("utf-8"))
    assert (report["checkpoint"]["name"], report["checkpoint"]["architecture"]) == ("tiny", "reclmis")
    assert report["words"][-1]["spans"] == []

    page.click("#compare")
    page.select_option("#checkpoint", index=0)
    viewer.run()
    captions = page.locator(".viewport:not([hidden])").all_inner_texts()
    assert "A second network" in captions[0]
    assert "causalclipseg-lite0" in captions[1]
    assert page.is_hidden("#heard")


def test_the_words_and_maps_are_explained_in_every_language(
    new_viewer: Callable[..., Viewer], two_networks: Server, radiograph: Path
) -> None:
    viewer = new_viewer(two_networks, locale="de-DE").open()
    page = viewer.page
    viewer.open_file(radiograph)
    page.select_option("#checkpoint", "second")
    viewer.run(NOTE)
    page.select_option("#map", "patches_of_interest")
    page.wait_for_selector("#legend:not([hidden])")
    for language, title, share in (
        ("de", "Beachtete Bildfelder", "% des Interesses"),
        ("es", "Zonas", "% del interés"),
    ):
        page.select_option("#language", language)
        assert shown_maps(viewer)[-1].startswith(title)
        assert page.input_value("#map") == "patches_of_interest"
        assert share in (page.locator("#heard mark").first.get_attribute("title") or "")
        assert page.inner_text("#map-worth") not in ("", maps.KNOWN["patches_of_interest"].worth)


def test_with_one_network_there_is_nothing_to_choose(
    new_viewer: Callable[..., Viewer], server: Server, radiograph: Path
) -> None:
    viewer = new_viewer().open()
    viewer.open_file(radiograph)
    offered = viewer.app("app.checkpoints.length")
    assert viewer.page.is_visible("#checkpoint") is (offered > 1)

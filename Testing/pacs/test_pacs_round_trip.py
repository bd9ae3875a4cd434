"""There and back through a real Orthanc: what comes back is what was sent, by every way and through every lock."""

from collections.abc import Callable
from pathlib import Path

import pytest
from dx_images import KINDS
from pydicom import Dataset, dcmread

from CausalCLIPSegLib.cli import app  # noqa: F401  (imported before a test captures what is written)
from CausalCLIPSegLib.pacs.configuration import PASSWORD, USERNAME

FILM = "1.3.6.1.4.1.5962.1.1.9.1.1.20040826185059.5457"
COMPRESSED = "1.3.6.1.4.1.5962.1.1.9.1.2.20040826185059.5457"
STUDY = "1.3.6.1.4.1.5962.1.2.9.20040826185059.5457"
SERIES = "1.3.6.1.4.1.5962.1.3.9.1.20040826185059.5457"

QUICK = "timeout = 20\nretries = 1\nretry_wait = 0\n"


def open_web(request, configure) -> None:
    configure(f'[archives.a]\nurl = "{request.getfixturevalue("orthanc").url}"\n{QUICK}')


def locked_web(request, configure) -> None:
    monkeypatch = request.getfixturevalue("monkeypatch")
    monkeypatch.setenv(USERNAME, "reader")
    monkeypatch.setenv(PASSWORD, "correct horse")
    configure(f'[archives.a]\nurl = "{request.getfixturevalue("locked_orthanc").url}"\n{QUICK}')


def tls_web(request, configure) -> None:
    ca = request.getfixturevalue("certificates").ca
    configure(f'[archives.a]\nurl = "{request.getfixturevalue("tls_orthanc").url}"\nca_bundle = "{ca}"\n{QUICK}')


def dimse(archive, more: str = "") -> str:
    return (
        f'[archives.a]\nhost = "127.0.0.1"\nport = {archive.dicom_port}\ncalled_ae_title = "ORTHANC"\n'
        f'listen_host = "127.0.0.1"\nlisten_port = {archive.move_port}\n{more}{QUICK}'
    )


def dimse_get(request, configure) -> None:
    configure(dimse(request.getfixturevalue("orthanc")))


def dimse_move(request, configure) -> None:
    configure(dimse(request.getfixturevalue("orthanc"), 'retrieve = "move"\n'))


def dimse_tls(request, configure) -> None:
    given = request.getfixturevalue("certificates")
    locks = f'tls = true\nca_bundle = "{given.ca}"\nclient_certificate = "{given.chain}"\nclient_key = "{given.key}"\n'
    configure(dimse(request.getfixturevalue("tls_orthanc"), locks))


WAYS: list[Callable] = [open_web, locked_web, tls_web, dimse_get, dimse_move, dimse_tls]


@pytest.fixture(params=WAYS, ids=lambda way: way.__name__)
def way(request, configure) -> str:
    request.param(request, configure)
    return request.param.__name__


def same_instance(fetched: Path, sent: Path) -> None:
    """The elements and the transfer syntax are those of the file sent, the pixels byte by byte."""
    ours, theirs = dcmread(sent), dcmread(fetched)
    assert theirs.file_meta.TransferSyntaxUID == ours.file_meta.TransferSyntaxUID
    assert theirs.PixelData == ours.PixelData
    assert essence(theirs) == essence(ours)


def essence(dataset: Dataset) -> Dataset:
    """Without the lengths of groups and the padding at the end, which say nothing of the image; archives drop them."""
    for tag in list(dataset.keys()):
        if tag.element == 0 or tag == 0xFFFCFFFC:
            del dataset[tag]
    return dataset


def test_what_is_pushed_is_found_and_comes_back_as_it_was(way, pacs, files, tmp_path):
    assert pacs("check").status == 0
    done = pacs("push", files.folder, "--json")
    assert done.status == 0, done.err
    # The TLS and the locked archives serve more than one test and may have the files already.
    assert {line["status"] for line in done.lines} <= {"stored", "already there"}
    assert len(done.lines) == 3

    again = pacs("push", files.folder, "--json")
    assert again.status == 0
    assert [line["status"] for line in again.lines] == ["already there"] * 3

    found = pacs("find", "--patient-id", "9RG1", "--study-date", "2004-08-26", "--modality", "cr", "--json")
    assert found.status == 0, found.err
    assert [(line["study"], line["series"], line["modality"]) for line in found.lines] == [(STUDY, SERIES, "CR")]
    assert found.lines[0]["patient_id"] == "9RG1"
    assert pacs("find", "--patient-id", "9RG1", "--modality", "MR", "--json").lines == []

    folder = tmp_path / "pulled"
    pulled = pacs("pull", "--series", SERIES, "--study", STUDY, "--with-segmentations", "--output", folder, "--json")
    assert pulled.status == 0, pulled.err
    assert [line["status"] for line in pulled.lines] == ["fetched"] * 3
    segmentation = f"SEG.{dcmread(files.segmentation).SOPInstanceUID}.dcm"
    assert {path.name for path in folder.iterdir()} == {f"CR.{FILM}.dcm", f"CR.{COMPRESSED}.dcm", segmentation}
    same_instance(folder / f"CR.{FILM}.dcm", files.film)
    same_instance(folder / f"CR.{COMPRESSED}.dcm", files.compressed)
    same_instance(folder / segmentation, files.segmentation)


@pytest.mark.parametrize(
    ("way_in", "kinds"),
    # C-MOVE brings by the same C-STORE what C-GET does: those whose files differ most are enough
    [(open_web, KINDS), (dimse_get, KINDS), (dimse_move, ["implicit VR", "RLE", "JPEG-LS", "JPEG 2000", "names"])],
    ids=["open_web", "dimse_get", "dimse_move"],
)
def test_films_of_all_kinds_and_their_segmentations(way_in, kinds, request, configure, pacs, all_kinds, tmp_path):
    way_in(request, configure)
    sent = sorted(path for path in all_kinds.iterdir() if path.name.partition(".")[0] in kinds)
    assert len(sent) == 2 * len(kinds)
    stored = pacs("push", *sent, "--json")
    assert stored.status == 0, stored.out
    assert [line["status"] for line in stored.lines] == ["stored"] * len(sent)
    study = str(dcmread(sent[0], stop_before_pixels=True).StudyInstanceUID)
    folder = tmp_path / "pulled"
    pulled = pacs("pull", "--study", study, "--output", folder, "--json")
    assert pulled.status == 0, pulled.out
    # Some films name another patient, and the archive lists the study once for each of them.
    assert [line["status"] for line in pulled.lines] == ["fetched"] * len(sent)
    fetched = {line["instance"]: Path(line["file"]) for line in pulled.lines}
    for path in sent:
        same_instance(fetched[str(dcmread(path, stop_before_pixels=True).SOPInstanceUID)], path)


def test_the_files_that_came_back_through_dicomweb_are_those_of_the_archive(configure, request, pacs, files, tmp_path):
    """Not decoded and written anew: a second pull that compares byte by byte finds nothing to replace."""
    open_web(request, configure)
    assert pacs("push", files.film).status == 0
    for expected in ("fetched", "already there"):
        done = pacs("pull", "--instance", FILM, "--study", STUDY, "--output", tmp_path / "p", "--verify", "--json")
        assert [line["status"] for line in done.lines] == [expected], done.err


@pytest.mark.parametrize("way_in", [open_web, dimse_get], ids=lambda way: way.__name__)
def test_only_the_segmentations_of_that_image(way_in, request, configure, pacs, files, tmp_path):
    """The segmentation refers to the uncompressed film alone, though the other lies in the same series."""
    way_in(request, configure)
    assert pacs("push", files.folder).status == 0
    done = pacs("pull", "--image", files.film, "--only-segmentations", "--output", tmp_path / "of-film", "--json")
    assert done.status == 0, done.err
    assert [line["status"] for line in done.lines] == ["fetched"]
    assert [path.name[:4] for path in (tmp_path / "of-film").iterdir()] == ["SEG."]
    none = pacs("pull", "--image", files.compressed, "--only-segmentations", "--output", tmp_path / "of-other")
    assert none.status == 0
    assert "No segmentation" in none.out
    assert list((tmp_path / "of-other").iterdir()) == []


@pytest.mark.parametrize("way_in", [open_web, dimse_get], ids=lambda way: way.__name__)
def test_a_second_pull_leaves_whole_files_and_tells_of_damaged_ones(way_in, request, configure, pacs, files, tmp_path):
    way_in(request, configure)
    assert pacs("push", files.film, files.compressed).status == 0
    folder = tmp_path / "pulled"
    arguments = ("pull", "--study", STUDY, "--output", folder, "--json")
    assert pacs(*arguments).status == 0
    damaged = folder / f"CR.{FILM}.dcm"
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[:-1000])
    second = pacs(*arguments)
    assert second.status == 3
    assert {line["instance"]: line["status"] for line in second.lines} == {FILM: "failed", COMPRESSED: "already there"}
    assert damaged.read_bytes() == whole[:-1000]
    third = pacs(*arguments, "--force")
    assert third.status == 0
    assert {line["instance"]: line["status"] for line in third.lines} == {FILM: "fetched", COMPRESSED: "already there"}
    assert damaged.read_bytes() == whole


@pytest.mark.parametrize("way_in", [open_web, dimse_get], ids=lambda way: way.__name__)
def test_finding_at_each_level_and_by_each_key(way_in, request, configure, pacs, files):
    way_in(request, configure)
    assert pacs("push", files.folder).status == 0

    def count(*arguments: str) -> int:
        done = pacs("find", "--json", *arguments)
        assert done.status == 0, done.err
        return len(done.lines)

    assert count("--patient-id", "9RG1", "--level", "study") == 1
    assert count("--patient-id", "9RG*", "--level", "series") == 2
    assert count("--patient-id", "9RG1", "--level", "instance") == 3
    assert count("--patient-id", "9RG", "--level", "study") == 0
    # Debian's Orthanc does not decode the %20 and %5E of a QIDO-RS question, so a wildcard asks for them there.
    between = (" ", "^") if way_in is dimse_get else ("?", "?")
    accession, name = f"exam{between[0]}Number", f"CompressedSamples{between[1]}RG1"
    assert count("--patient-name", name, "--level", "study") == 1
    assert count("--accession", accession, "--level", "study") == count("--study", STUDY, "--level", "study") == 1
    assert count("--accession", "exam", "--level", "study") == 0
    assert count("--study-date", "20040101-20041231") == count("--study-date", "20040826-") == 2
    assert count("--study-date", "-20040825") == 0
    assert count("--study", STUDY, "--series", SERIES, "--level", "instance") == 2
    assert count("--study", STUDY, "--instance", FILM, "--level", "instance") == 1
    limited = pacs("find", "--study", STUDY, "--level", "instance", "--limit", "2", "--json")
    assert len(limited.lines) == 2
    assert "more than 2" in limited.err
    table = pacs("find", "--study", STUDY)
    assert SERIES in table.out
    assert "9RG1" in table.out


def test_a_wrong_password_is_one_line_and_stops(configure, monkeypatch, locked_orthanc, pacs, files):
    configure(f'[archives.a]\nurl = "{locked_orthanc.url}"\nusername = "reader"\npassword = "wrong-secret"\n{QUICK}')
    done = pacs("find", "--patient-id", "9RG1")
    assert done.status == 2
    assert "credentials" in done.err
    assert "wrong-secret" not in done.err
    pushed = pacs("push", files.folder, "--json")
    assert pushed.status == 3
    assert [line["status"] for line in pushed.lines] == ["failed", "not tried", "not tried"]


@pytest.mark.parametrize("scheme", ["url", "host"])
def test_a_certificate_that_nobody_vouches_for_is_refused(scheme, configure, tls_orthanc, certificates, pacs):
    entry = f'url = "{tls_orthanc.url}"\n' if scheme == "url" else dimse(tls_orthanc, "tls = true\n").split("\n", 1)[1]
    configure(f"[archives.a]\n{entry}")
    done = pacs("check")
    assert done.status == 2
    assert "cannot be trusted" in done.err


def test_a_title_that_the_archive_does_not_know_is_told(configure, orthanc, pacs):
    configure(dimse(orthanc, 'calling_ae_title = "STRANGER"\n'))
    done = pacs("find", "--patient-id", "9RG1")
    assert done.status == 2
    assert done.err.count("\n") == 1
    configure(dimse(orthanc).replace('"ORTHANC"', '"OTHER"'))
    done = pacs("check")
    assert done.status == 2
    assert "AE title" in done.err

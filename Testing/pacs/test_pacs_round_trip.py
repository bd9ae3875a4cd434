"""Files pushed to a real Orthanc and pulled back return unchanged, by every protocol and kind of access control."""

from collections.abc import Callable
from pathlib import Path

import pytest
from dx_images import KINDS
from pydicom import Dataset, dcmread

from CausalCLIPSegLib.cli import app  # noqa: F401  (its consoles must exist before a test captures output)
from CausalCLIPSegLib.pacs.configuration import PASSWORD, USERNAME

IMAGE = "1.3.6.1.4.1.5962.1.1.9.1.1.20040826185059.5457"
COMPRESSED = "1.3.6.1.4.1.5962.1.1.9.1.2.20040826185059.5457"
STUDY = "1.3.6.1.4.1.5962.1.2.9.20040826185059.5457"
SERIES = "1.3.6.1.4.1.5962.1.3.9.1.20040826185059.5457"

QUICK = "timeout = 20\nretries = 1\nretry_wait = 0\n"


def web_entry(url: str, more: str = "") -> str:
    return f'[archives.a]\nurl = "{url}"\n{more}{QUICK}'


def dimse_entry(archive, more: str = "") -> str:
    return (
        f'[archives.a]\nhost = "127.0.0.1"\nport = {archive.dicom_port}\ncalled_ae_title = "ORTHANC"\n'
        f'listen_host = "127.0.0.1"\nlisten_port = {archive.move_port}\n{more}{QUICK}'
    )


def web(request) -> str:
    return web_entry(request.getfixturevalue("orthanc").url)


def web_with_password(request) -> str:
    monkeypatch = request.getfixturevalue("monkeypatch")
    monkeypatch.setenv(USERNAME, "reader")
    monkeypatch.setenv(PASSWORD, "correct horse")
    return web_entry(request.getfixturevalue("locked_orthanc").url)


def web_with_tls(request) -> str:
    authority = request.getfixturevalue("certificates").authority
    return web_entry(request.getfixturevalue("tls_orthanc").url, f'ca_bundle = "{authority}"\n')


def dimse_get(request) -> str:
    return dimse_entry(request.getfixturevalue("orthanc"))


def dimse_move(request) -> str:
    return dimse_entry(request.getfixturevalue("orthanc"), 'retrieve = "move"\n')


def dimse_with_tls(request) -> str:
    files = request.getfixturevalue("certificates")
    tls = f'tls = true\nca_bundle = "{files.authority}"\n'
    tls += f'client_certificate = "{files.certificate}"\nclient_key = "{files.key}"\n'
    return dimse_entry(request.getfixturevalue("tls_orthanc"), tls)


@pytest.fixture
def connection(request, configure) -> Callable[[pytest.FixtureRequest], str]:
    """Write pacs.toml for a connection, given as one of the functions above."""
    configure(request.param(request))
    return request.param


def by_connection(*connections: Callable[[pytest.FixtureRequest], str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("connection", connections, indirect=True, ids=lambda function: function.__name__)


def assert_same_instance(fetched: Path, sent: Path) -> None:
    """Compare all elements, the transfer syntax and the bytes of the pixels."""
    expected, actual = dcmread(sent), dcmread(fetched)
    assert actual.file_meta.TransferSyntaxUID == expected.file_meta.TransferSyntaxUID
    assert actual.PixelData == expected.PixelData
    assert without_padding(actual) == without_padding(expected)


def without_padding(dataset: Dataset) -> Dataset:
    """Remove group lengths and trailing padding, which archives drop."""
    for tag in list(dataset.keys()):
        if tag.element == 0 or tag == 0xFFFCFFFC:
            del dataset[tag]
    return dataset


@by_connection(web, web_with_password, web_with_tls, dimse_get, dimse_move, dimse_with_tls)
def test_pushed_files_are_found_and_return_unchanged(connection, pacs, files, tmp_path):
    assert pacs("check").status == 0
    result = pacs("push", files.folder, "--json")
    assert result.status == 0, result.err
    # The archives with TLS and with a password serve several tests, so they may have the files already.
    assert set(result.statuses) <= {"stored", "already there"}
    assert len(result.lines) == 3

    again = pacs("push", files.folder, "--json")
    assert again.status == 0
    assert again.statuses == ["already there"] * 3

    matches = pacs("find", "--patient-id", "9RG1", "--study-date", "2004-08-26", "--modality", "cr", "--json")
    assert matches.status == 0, matches.err
    assert [(line["study"], line["series"], line["modality"]) for line in matches.lines] == [(STUDY, SERIES, "CR")]
    assert matches.lines[0]["patient_id"] == "9RG1"
    assert pacs("find", "--patient-id", "9RG1", "--modality", "MR", "--json").lines == []

    folder = tmp_path / "pulled"
    pulled = pacs("pull", "--series", SERIES, "--study", STUDY, "--with-segmentations", "--output", folder, "--json")
    assert pulled.status == 0, pulled.err
    assert pulled.statuses == ["fetched"] * 3
    segmentation = f"SEG.{dcmread(files.segmentation).SOPInstanceUID}.dcm"
    assert {path.name for path in folder.iterdir()} == {f"CR.{IMAGE}.dcm", f"CR.{COMPRESSED}.dcm", segmentation}
    assert_same_instance(folder / f"CR.{IMAGE}.dcm", files.image)
    assert_same_instance(folder / f"CR.{COMPRESSED}.dcm", files.compressed)
    assert_same_instance(folder / segmentation, files.segmentation)


@pytest.mark.parametrize(
    ("connection", "kinds"),
    # C-MOVE delivers by C-STORE as C-GET does, so the kinds whose files differ most are enough.
    [(web, KINDS), (dimse_get, KINDS), (dimse_move, ["implicit VR", "RLE", "JPEG-LS", "JPEG 2000", "names"])],
    ids=["web", "dimse_get", "dimse_move"],
    indirect=["connection"],
)
def test_radiographs_of_all_kinds_and_their_segmentations_return_unchanged(
    connection, kinds, pacs, all_kinds, tmp_path
):
    sent = sorted(path for path in all_kinds.iterdir() if path.name.partition(".")[0] in kinds)
    assert len(sent) == 2 * len(kinds)
    stored = pacs("push", *sent, "--json")
    assert stored.status == 0, stored.out
    assert stored.statuses == ["stored"] * len(sent)
    study = str(dcmread(sent[0], stop_before_pixels=True).StudyInstanceUID)
    folder = tmp_path / "pulled"
    pulled = pacs("pull", "--study", study, "--output", folder, "--json")
    assert pulled.status == 0, pulled.out
    # Some images have another patient ID, so the archive lists the study more than once.
    assert pulled.statuses == ["fetched"] * len(sent)
    fetched = {line["instance"]: Path(line["file"]) for line in pulled.lines}
    for path in sent:
        assert_same_instance(fetched[str(dcmread(path, stop_before_pixels=True).SOPInstanceUID)], path)


@by_connection(web)
def test_pull_by_dicomweb_keeps_the_bytes_of_the_archive(connection, pacs, files, tmp_path):
    """A second pull with --verify compares byte by byte and finds no difference."""
    assert pacs("push", files.image).status == 0
    for expected in ("fetched", "already there"):
        result = pacs("pull", "--instance", IMAGE, "--study", STUDY, "--output", tmp_path / "p", "--verify", "--json")
        assert result.statuses == [expected], result.err


@by_connection(web, dimse_get)
def test_pulls_only_segmentations_that_refer_to_the_image(connection, pacs, files, tmp_path):
    """The segmentation refers to the uncompressed image, not to the compressed image of the same series."""
    assert pacs("push", files.folder).status == 0
    result = pacs("pull", "--image", files.image, "--only-segmentations", "--output", tmp_path / "of-image", "--json")
    assert result.status == 0, result.err
    assert result.statuses == ["fetched"]
    assert [path.name[:4] for path in (tmp_path / "of-image").iterdir()] == ["SEG."]
    no_result = pacs("pull", "--image", files.compressed, "--only-segmentations", "--output", tmp_path / "of-other")
    assert no_result.status == 0
    assert "No segmentation" in no_result.out
    assert list((tmp_path / "of-other").iterdir()) == []


@by_connection(web, dimse_get)
def test_a_second_pull_keeps_complete_files_and_reports_damaged_ones(connection, pacs, files, tmp_path):
    assert pacs("push", files.image, files.compressed).status == 0
    folder = tmp_path / "pulled"
    arguments = ("pull", "--study", STUDY, "--output", folder, "--json")
    assert pacs(*arguments).status == 0
    damaged = folder / f"CR.{IMAGE}.dcm"
    complete = damaged.read_bytes()
    damaged.write_bytes(complete[:-1000])
    second = pacs(*arguments)
    assert second.status == 3
    assert second.status_of == {
        IMAGE: "failed",
        COMPRESSED: "already there",
    }
    assert damaged.read_bytes() == complete[:-1000]
    third = pacs(*arguments, "--force")
    assert third.status == 0
    assert third.status_of == {
        IMAGE: "fetched",
        COMPRESSED: "already there",
    }
    assert damaged.read_bytes() == complete


@by_connection(web, dimse_get)
def test_finds_at_each_level_and_by_each_key(connection, pacs, files):
    assert pacs("push", files.folder).status == 0

    def count(*arguments: str) -> int:
        result = pacs("find", "--json", *arguments)
        assert result.status == 0, result.err
        return len(result.lines)

    assert count("--patient-id", "9RG1", "--level", "study") == 1
    assert count("--patient-id", "9RG*", "--level", "series") == 2
    assert count("--patient-id", "9RG1", "--level", "instance") == 3
    assert count("--patient-id", "9RG", "--level", "study") == 0
    # Debian's Orthanc does not decode %20 and %5E in a QIDO-RS query, so we put wildcards in their place.
    space, caret = (" ", "^") if connection is dimse_get else ("?", "?")
    accession, name = f"exam{space}Number", f"CompressedSamples{caret}RG1"
    assert count("--patient-name", name, "--level", "study") == 1
    assert count("--accession", accession, "--level", "study") == count("--study", STUDY, "--level", "study") == 1
    assert count("--accession", "exam", "--level", "study") == 0
    assert count("--study-date", "20040101-20041231") == count("--study-date", "20040826-") == 2
    assert count("--study-date", "-20040825") == 0
    assert count("--study", STUDY, "--series", SERIES, "--level", "instance") == 2
    assert count("--study", STUDY, "--instance", IMAGE, "--level", "instance") == 1
    limited = pacs("find", "--study", STUDY, "--level", "instance", "--limit", "2", "--json")
    assert len(limited.lines) == 2
    assert "more than 2" in limited.err
    table = pacs("find", "--study", STUDY)
    assert SERIES in table.out
    assert "9RG1" in table.out


def test_gives_up_after_a_wrong_password(configure, locked_orthanc, pacs, files):
    configure(web_entry(locked_orthanc.url, 'username = "reader"\npassword = "wrong-secret"\n'))
    result = pacs("find", "--patient-id", "9RG1")
    assert result.status == 2
    assert "credentials" in result.err
    assert "wrong-secret" not in result.err
    pushed = pacs("push", files.folder, "--json")
    assert pushed.status == 3
    assert pushed.statuses == ["failed", "not tried", "not tried"]


@pytest.mark.parametrize("protocol", ["web", "dimse"])
def test_rejects_a_certificate_of_an_unknown_authority(protocol, configure, tls_orthanc, pacs):
    configure(web_entry(tls_orthanc.url) if protocol == "web" else dimse_entry(tls_orthanc, "tls = true\n"))
    result = pacs("check")
    assert result.status == 2
    assert "cannot be trusted" in result.err


def test_reports_an_unknown_calling_ae_title_in_one_line(configure, orthanc, pacs):
    configure(dimse_entry(orthanc, 'calling_ae_title = "STRANGER"\n'))
    result = pacs("find", "--patient-id", "9RG1")
    assert result.status == 2
    assert result.err.count("\n") == 1


def test_reports_a_wrong_called_ae_title(configure, orthanc, pacs):
    configure(dimse_entry(orthanc).replace('"ORTHANC"', '"OTHER"'))
    result = pacs("check")
    assert result.status == 2
    assert "AE title" in result.err

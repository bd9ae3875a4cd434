"""Which archive, and with which credentials: the file, the environment, an address; and nothing given away."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from CausalCLIPSegLib.errors import PacsError
from CausalCLIPSegLib.pacs.archive import check_uid
from CausalCLIPSegLib.pacs.configuration import PASSWORD, TOKEN, USERNAME, DicomWebArchive, DimseArchive, find_archive
from CausalCLIPSegLib.pacs.query import Query

WEB = '[archives.web]\nurl = "https://pacs.example.org/dicom-web/"\n'
SECRET = "s3cret-of-the-ward"


def test_an_entry_by_name_by_default_and_as_the_only_one(configure):
    path = configure(WEB)
    assert find_archive(None)[0].url == find_archive("web")[0].url == "https://pacs.example.org/dicom-web"
    more = '[archives.ward]\nhost = "pacs"\ncalled_ae_title = "PACS"\n'
    configure(WEB + more)
    with pytest.raises(PacsError, match="Say which archive"):
        find_archive(None)
    configure('default = "ward"\n' + WEB + more)
    archive, _ = find_archive(None)
    assert isinstance(archive, DimseArchive)
    assert (archive.host, archive.port, archive.calling_ae_title) == ("pacs", 104, "CAUSALCLIPSEG")
    with pytest.raises(PacsError, match=f"no archive of the name other. {path} knows: ward, web"):
        find_archive("other")


def test_an_address_needs_no_file():
    assert find_archive("https://pacs.example.org/dicom-web")[0] == DicomWebArchive(
        url="https://pacs.example.org/dicom-web"
    )
    assert find_archive("dicom://10.0.0.7:11112/PACS")[0] == DimseArchive(
        host="10.0.0.7", port=11112, called_ae_title="PACS"
    )
    assert find_archive("dicoms://pacs/PACS")[0] == DimseArchive(host="pacs", called_ae_title="PACS", tls=True)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("pacs.example.org/dicom-web", "begins with https:// or http://"),
        ("localhost:8042", "begins with https:// or http://"),
        ("ftp://pacs.example.org", "An address is https://"),
        ("dicom://pacs:104", "AETITLE"),
        ("https://reader:" + SECRET + "@pacs.example.org/dicom-web", "No name or password in an address"),
        ("https://pacs.example.org:port/dicom-web", "not a proper address"),
        ("https:///dicom-web", "has to be https://HOST/PATH"),
        ("nobody", "no archive of the name nobody"),
    ],
)
def test_an_address_that_is_none_is_told_without_its_secret(name, words):
    with pytest.raises(PacsError, match=words) as caught:
        find_archive(name)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ('url = "pacs.example.org"', "has to begin with https:// or http://"),
        ('url = "https://pacs"\nuser = "x"', "user means nothing here"),
        (f'url = "https://pacs"\npassword = ["{SECRET}"]', "password has a value that cannot be used"),
        (f'url = "https://pacs"\npassword = "{SECRET}"', "username and password belong together"),
        (f'url = "https://pacs"\nusername = "x"\npassword = "{SECRET}"\ntoken = "{SECRET}"', "either a token or"),
        (f'url = "http://pacs.example.org"\ntoken = "{SECRET}"', "can be read on the way"),
        (f'url = "https://x:{SECRET}@pacs"', "no name or password in url"),
        ('url = "https://pacs"\nca_bundle = "missing.pem"', "there is no file .*missing.pem"),
        ('url = "https://pacs"\ntimeout = 0', "timeout has a value"),
        ('host = "pacs"', "called_ae_title is missing"),
        ('host = "pacs"\ncalled_ae_title = "A TITLE THAT IS TOO LONG"', "called_ae_title has a value"),
        ('host = "pacs"\ncalled_ae_title = "P"\ntls = true\nretrieve = "move"', "wants client_certificate"),
        ('called_ae_title = "P"', "neither url"),
        (f'url = "https://pacs"\ntoken = "{SECRET}', "not proper TOML, line 3"),
    ],
)
def test_an_entry_that_cannot_be_used_is_told_without_its_secret(entry, words, configure):
    configure(f"[archives.a]\n{entry}\n")
    with pytest.raises(PacsError, match=words) as caught:
        find_archive("a")
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None  # a cause is logged with --verbose


@pytest.mark.skipif(os.name != "posix", reason="no permission bits")
def test_a_secret_that_everybody_can_read_is_refused(configure):
    entry = WEB + f'token = "{SECRET}"\n'
    configure(entry, 0o644)
    with pytest.raises(PacsError, match="chmod 600"):
        find_archive("web")
    configure(entry, 0o640)
    assert "group" in find_archive("web")[1][0]
    configure(entry, 0o600)
    assert find_archive("web")[1] == []
    configure(WEB, 0o644)
    assert find_archive("web")[1] == []


def test_the_environment_takes_the_place_of_credentials_in_the_file(configure, monkeypatch):
    configure(WEB + 'username = "file"\npassword = "file"\n')
    monkeypatch.setenv(PASSWORD, SECRET)
    archive, _ = find_archive("web")
    assert (archive.username, archive.password.get_secret_value(), archive.token) == ("file", SECRET, None)
    monkeypatch.setenv(USERNAME, "environment")
    assert find_archive("web")[0].username == "environment"
    monkeypatch.delenv(USERNAME)
    monkeypatch.delenv(PASSWORD)
    monkeypatch.setenv(TOKEN, SECRET)
    archive, _ = find_archive("web")
    assert (archive.username, archive.password, archive.token.get_secret_value()) == (None, None, SECRET)
    assert SECRET not in repr(archive)


@given(st.text())
def test_whatever_passes_as_a_uid_is_safe_in_an_address_and_a_file_name(text):
    try:
        uid = check_uid(text)
    except PacsError:
        return
    assert set(uid) <= set("0123456789.")
    assert ".." not in uid


def test_a_uid_is_no_path():
    for bad in ("../1", "1/2", "1..2", ".1", "1.", "", "1" * 65, "1.2\n", "١.٢"):
        with pytest.raises(PacsError):
            check_uid(bad)


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ("2024-01-31", "20240131"),
        ("20240131", "20240131"),
        ("20240101-20240131", "20240101-20240131"),
        ("2024-01-01-2024-01-31", "20240101-20240131"),
        ("20240101-", "20240101-"),
        ("-20240131", "-20240131"),
    ],
)
def test_a_study_date_is_a_day_or_a_range(said, means):
    assert Query(study_date=said).study_date == means


@pytest.mark.parametrize(
    "said", ["yesterday", "20240230", "202401", "-", "", "2024010120240131", "20240131-20240101-"]
)
def test_what_is_no_date_is_refused(said):
    with pytest.raises(PacsError):
        Query(study_date=said)


@pytest.mark.parametrize(
    "query", [{}, {"modality": "CR"}, {"patient_id": "*"}, {"patient_id": " "}, {"patient_id": "1\\2"}, {"study": "x"}]
)
def test_a_question_without_a_question_is_refused(query):
    with pytest.raises(PacsError):
        Query(**query)

"""Archive and credentials come from pacs.toml, the environment or an address; no message quotes a secret."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from CausalCLIPSegLib.errors import PacsError
from CausalCLIPSegLib.pacs.archive import check_uid
from CausalCLIPSegLib.pacs.configuration import PASSWORD, TOKEN, USERNAME, DicomWebArchive, DimseArchive, find_archive
from CausalCLIPSegLib.pacs.query import Query

WEB = '[archives.web]\nurl = "https://pacs.example.org/dicom-web/"\n'
WARD = '[archives.ward]\nhost = "pacs"\ncalled_ae_title = "PACS"\n'
SECRET = "s3cret-of-the-ward"


def test_finds_the_only_archive_without_a_name(configure):
    configure(WEB)
    assert find_archive(None)[0].url == find_archive("web")[0].url == "https://pacs.example.org/dicom-web"


def test_requires_a_name_if_there_are_several_archives(configure):
    path = configure(WEB + WARD)
    with pytest.raises(PacsError, match="Say which archive"):
        find_archive(None)
    with pytest.raises(PacsError, match=f"no archive named “other”. {path} knows: ward, web"):
        find_archive("other")


def test_finds_the_default_archive_without_a_name(configure):
    configure('default = "ward"\n' + WEB + WARD)
    archive, _ = find_archive(None)
    assert archive == DimseArchive(host="pacs", port=104, called_ae_title="PACS", calling_ae_title="CAUSALCLIPSEG")


@pytest.mark.parametrize(
    ("address", "archive"),
    [
        ("https://pacs.example.org/dicom-web", DicomWebArchive(url="https://pacs.example.org/dicom-web")),
        ("dicom://10.0.0.7:11112/PACS", DimseArchive(host="10.0.0.7", port=11112, called_ae_title="PACS")),
        ("dicoms://pacs/PACS", DimseArchive(host="pacs", called_ae_title="PACS", tls=True)),
    ],
)
def test_an_address_needs_no_configuration(address, archive):
    assert find_archive(address) == (archive, [])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("pacs.example.org/dicom-web", "begins with https:// or http://"),
        ("localhost:8042", "begins with https:// or http://"),
        ("ftp://pacs.example.org", "An address is https://"),
        ("dicom://pacs:104", "AETITLE"),
        ("https://reader:" + SECRET + "@pacs.example.org/dicom-web", "No name or password in an address"),
        ("https://pacs.example.org:port/dicom-web", "not a valid address"),
        ("https:///dicom-web", "has to be https://HOST/PATH"),
        ("unknown", "no archive named “unknown”"),
    ],
)
def test_rejects_an_invalid_address_without_quoting_its_secret(name, message):
    with pytest.raises(PacsError, match=message) as caught:
        find_archive(name)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ('url = "pacs.example.org"', "has to begin with https:// or http://"),
        ('url = "https://pacs"\nuser = "x"', "user is not a known setting"),
        (f'url = "https://pacs"\npassword = ["{SECRET}"]', "password has a value that cannot be used"),
        (f'url = "https://pacs"\npassword = "{SECRET}"', "username and password belong together"),
        (f'url = "https://pacs"\nusername = "x"\npassword = "{SECRET}"\ntoken = "{SECRET}"', "either a token or"),
        (f'url = "http://pacs.example.org"\ntoken = "{SECRET}"', "can be read on the way"),
        (f'url = "https://x:{SECRET}@pacs"', "no name or password in url"),
        ('url = "https://pacs"\nca_bundle = "missing.pem"', "there is no file .*missing.pem"),
        ('url = "https://pacs"\ntimeout = 0', "timeout has a value"),
        ('host = "pacs"', "called_ae_title is missing"),
        ('host = "pacs"\ncalled_ae_title = "A TITLE THAT IS TOO LONG"', "called_ae_title has a value"),
        ('host = "pacs"\ncalled_ae_title = "P"\ntls = true\nretrieve = "move"', "requires client_certificate"),
        ('called_ae_title = "P"', "neither url"),
        (f'url = "https://pacs"\ntoken = "{SECRET}', "not valid TOML, line 3"),
    ],
)
def test_rejects_an_invalid_entry_without_quoting_its_secret(entry, message, configure):
    configure(f"[archives.a]\n{entry}\n")
    with pytest.raises(PacsError, match=message) as caught:
        find_archive("a")
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None, "--verbose logs causes"


@pytest.mark.skipif(os.name != "posix", reason="no permission bits")
def test_rejects_a_secret_that_every_user_can_read(configure):
    configure(f'{WEB}token = "{SECRET}"\n', 0o644)
    with pytest.raises(PacsError, match="chmod 600"):
        find_archive("web")


@pytest.mark.skipif(os.name != "posix", reason="no permission bits")
@pytest.mark.parametrize(
    ("entry", "mode", "count"),
    [(f'{WEB}token = "{SECRET}"\n', 0o640, 1), (f'{WEB}token = "{SECRET}"\n', 0o600, 0), (WEB, 0o644, 0)],
    ids=["group can read a secret", "only the user can read a secret", "every user can read no secret"],
)
def test_warns_of_a_secret_that_the_group_can_read(configure, entry, mode, count):
    configure(entry, mode)
    _, warnings = find_archive("web")
    assert len(warnings) == count
    assert all("group" in warning for warning in warnings)


def test_credentials_of_the_environment_replace_those_of_the_file(configure, monkeypatch):
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
def test_a_valid_uid_is_safe_in_a_url_and_in_a_file_name(text):
    try:
        uid = check_uid(text)
    except PacsError:
        return
    assert set(uid) <= set("0123456789.")
    assert ".." not in uid


@pytest.mark.parametrize("text", ["../1", "1/2", "1..2", ".1", "1.", "", "1" * 65, "1.2\n", "١.٢"])
def test_rejects_an_invalid_uid(text):
    with pytest.raises(PacsError):
        check_uid(text)


@pytest.mark.parametrize(
    ("text", "study_date"),
    [
        ("2024-01-31", "20240131"),
        ("20240131", "20240131"),
        ("20240101-20240131", "20240101-20240131"),
        ("2024-01-01-2024-01-31", "20240101-20240131"),
        ("20240101-", "20240101-"),
        ("-20240131", "-20240131"),
    ],
)
def test_a_study_date_is_a_day_or_a_range(text, study_date):
    assert Query(study_date=text).study_date == study_date


@pytest.mark.parametrize(
    "text", ["yesterday", "20240230", "202401", "-", "", "2024010120240131", "20240131-20240101-"]
)
def test_rejects_an_invalid_date(text):
    with pytest.raises(PacsError):
        Query(study_date=text)


@pytest.mark.parametrize(
    "conditions",
    [{}, {"modality": "CR"}, {"patient_id": "*"}, {"patient_id": " "}, {"patient_id": "1\\2"}, {"study": "x"}],
    ids=str,
)
def test_rejects_a_query_that_would_match_everything_or_nothing(conditions):
    with pytest.raises(PacsError):
        Query(**conditions)

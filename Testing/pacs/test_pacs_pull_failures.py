"""An archive, or a disk, that fails in the middle of a pull."""

import pytest

from CausalCLIPSegLib.errors import PacsError
from CausalCLIPSegLib.pacs.archive import DeniedError, UnreachableError
from CausalCLIPSegLib.pacs.pull import pull
from CausalCLIPSegLib.pacs.query import Match


class Failing:
    """An archive that fails in turn with each of these errors, and sends this file when they are used up."""

    def __init__(self, errors, data=b""):
        self.errors, self.data = list(errors), data

    def fetch(self, identity):
        if self.errors:
            raise self.errors.pop(0)
        return self.data


LOST, DENIED, OTHER = UnreachableError("Lost."), DeniedError("Denied."), PacsError("Refused.")


@pytest.mark.parametrize(
    ("errors", "statuses"),
    [
        ([LOST, LOST], ["failed", "failed", "not tried", "not tried"]),
        ([DENIED], ["failed", "not tried", "not tried", "not tried"]),
        ([LOST, OTHER, LOST, OTHER], ["failed"] * 4),
    ],
)
def test_an_archive_that_is_gone_is_not_asked_for_the_rest(tmp_path, errors, statuses):
    matches = [Match(modality="CR", study="1.2", series="1.3", instance=f"1.4.{n}") for n in range(4)]
    done = list(pull(Failing(errors), matches, tmp_path))
    assert [one.status for one in done] == statuses
    assert all(one.reason for one in done)
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_written_does_not_stop_the_rest(tmp_path, files):
    from pydicom import dcmread

    header = dcmread(files.film, stop_before_pixels=True)
    known = {"modality": "CR", "study": header.StudyInstanceUID, "series": header.SeriesInstanceUID}
    match = Match(**known, instance=header.SOPInstanceUID)
    folder = tmp_path / "pulled"
    (folder / f"CR.{match.instance}.dcm" / "inside").mkdir(parents=True)
    done = list(pull(Failing([], files.film.read_bytes()), [match, match], folder, force=True))
    assert [one.status for one in done] == ["failed", "failed"]
    assert all("cannot be written" in one.reason for one in done)

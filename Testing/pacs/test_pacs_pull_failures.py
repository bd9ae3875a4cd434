"""Pulls during which the archive or the disk fails."""

import pytest
from pydicom import Dataset, dcmread

from CausalCLIPSegLib.errors import PacsError
from CausalCLIPSegLib.pacs.archive import DeniedError, UnreachableError
from CausalCLIPSegLib.pacs.pull import pull, pull_segmentations
from CausalCLIPSegLib.pacs.query import Match

LOST, DENIED, REFUSED = UnreachableError("Lost."), DeniedError("Denied."), PacsError("Refused.")
GIVE_UP = pytest.mark.parametrize(
    ("errors", "statuses"),
    [
        ([LOST, LOST], ["failed", "failed", "not tried", "not tried"]),
        ([DENIED], ["failed", "not tried", "not tried", "not tried"]),
        ([LOST, REFUSED, LOST, REFUSED], ["failed"] * 4),
    ],
    ids=["lost twice in a row", "denied", "lost twice, not in a row"],
)


class FailingArchive:
    """An archive that raises the given errors one by one, then sends `data`. Its only study has four segmentations."""

    def __init__(self, errors, data=b""):
        self.errors, self.data = list(errors), data

    def fetch(self, identity):
        if self.errors:
            raise self.errors.pop(0)
        return self.data

    def find(self, level, keys, limit=None):
        uids = {"study": ["1.2"], "series": ["1.3"], "instance": [f"1.4.{number}" for number in range(4)]}
        matches = []
        for uid in uids[level]:
            match = Dataset()
            setattr(match, {"study": "Study", "series": "Series", "instance": "SOP"}[level] + "InstanceUID", uid)
            matches.append(match)
        return matches


@GIVE_UP
def test_pull_gives_up_on_an_unreachable_archive(tmp_path, errors, statuses):
    matches = [Match(modality="CR", study="1.2", series="1.3", instance=f"1.4.{number}") for number in range(4)]
    outcomes = list(pull(FailingArchive(errors), matches, tmp_path))
    assert [outcome.status for outcome in outcomes] == statuses
    assert all(outcome.reason for outcome in outcomes)
    assert list(tmp_path.iterdir()) == []


@GIVE_UP
def test_pull_of_segmentations_gives_up_on_an_unreachable_archive(tmp_path, errors, statuses):
    outcomes = list(pull_segmentations(FailingArchive(errors), [Match(study="1.2", instance="1.5")], tmp_path))
    assert [outcome.status for outcome in outcomes] == statuses
    assert all(outcome.reason for outcome in outcomes)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_does_not_stop_the_others(tmp_path, files):
    header = dcmread(files.image, stop_before_pixels=True)
    uids = {"study": header.StudyInstanceUID, "series": header.SeriesInstanceUID, "instance": header.SOPInstanceUID}
    match = Match(modality="CR", **uids)
    folder = tmp_path / "pulled"
    (folder / f"CR.{match.instance}.dcm" / "inside").mkdir(parents=True)
    outcomes = list(pull(FailingArchive([], files.image.read_bytes()), [match, match], folder, force=True))
    assert [outcome.status for outcome in outcomes] == ["failed", "failed"]
    assert all("cannot be written" in outcome.reason for outcome in outcomes)

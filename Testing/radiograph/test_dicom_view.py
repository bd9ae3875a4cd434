"""Lateral views are told by words, over all the attributes of a DICOM header that name a view."""

from __future__ import annotations

import pytest
from pydicom import Dataset

from CausalCLIPSegLib.errors import RadiographError
from CausalCLIPSegLib.radiograph import read_radiograph
from CausalCLIPSegLib.radiograph.dicom_view import view, view_of_words

WORDS = {
    "lateral": [
        *(
            "LAT",
            "Lateral",
            "lateral left",
            "L LAT",
            "LLAT",
            "RLAT",
            "Chest LAT",
            "Thorax_lat",
            "Lat. Thorax",
            "W033 LAT",
        ),
        *("Thorax seitlich", "Thorax, seitl.", "seitliche Aufnahme", "Rx torace LL", "Proiezione latero-laterale"),
        *("thorax de profil", "Tórax perfil", "tórax lateral izquierda", "Thorax lateraal", "Lungor sidobild"),
        *(
            "CHEST LATERAL ERECT",
            "lateral view",
            "cross-table lateral",
            "klatka piersiowa boczna",
            "胸部側面",
            "боковая",
        ),
    ],
    "frontal": [
        *("PA", "AP", "Chest PA", "Chest p.a.", "Thorax a.-p.", "P A", "P/A erect", "AP FLAT", "frontal", "de face"),
        *(
            "postero-anterior",
            "Thorax pa im Stehen",
            "LAT DECUBITUS",
            "left lateral decubitus",
            "decúbito lateral",
            "LLD",
        ),
    ],
    "both": ["Chest PA and lateral", "Thorax p.a. und seitlich", "PA/LAT", "Torace PA LL", "Tórax frontal y perfil"],
    "": [
        *("", "CHEST", "BILATERAL", "bilateral ribs", "UNILATERAL", "FLAT", "LATERALITY", "PLATE", "contralateral"),
        *("Thorax in 2 Ebenen", "late", "Latex allergy", "left lower", "FLAT PANEL", "Laterality: L", "Atelectasis"),
    ],
}
CASES = [(text, expected) for expected, texts in WORDS.items() for text in texts]


@pytest.mark.parametrize(("text", "expected"), CASES)
@pytest.mark.parametrize("change", [str, str.lower, str.upper])
def test_views_are_whole_words(text, expected, change):
    assert view_of_words(change(text)) == expected


def code(meaning: str, value: str = "") -> Dataset:
    item = Dataset()
    item.CodeMeaning, item.CodeValue = meaning, value
    return item


def header_of(**elements) -> Dataset:
    header = Dataset()
    for keyword, value in elements.items():
        setattr(header, keyword, value)
    return header


@pytest.mark.parametrize("keyword", ["ViewPosition", "SeriesDescription", "ProtocolName", "StudyDescription"])
def test_every_attribute_can_name_the_view(keyword):
    assert view(header_of(**{keyword: "LAT"})) == "lateral"
    assert view(header_of(**{keyword: "PA"})) == "frontal"


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ({"ViewPosition": "LL"}, "lateral"),
        ({"ViewPosition": "RL"}, "lateral"),
        ({"ViewPosition": "LLD"}, "frontal"),
        ({"ViewPosition": "BILATERAL"}, ""),
        ({"ViewPosition": ["LAT", "PA"]}, "both"),
        ({"ViewCodeSequence": [code("left lateral")]}, "lateral"),
        ({"ViewCodeSequence": [code("izquierda", "399173006")]}, "lateral"),
        ({"ViewCodeSequence": [code("", "R-10236")]}, "lateral"),
        ({"ViewCodeSequence": [code("postero-anterior", "R-10214")]}, "frontal"),
        ({"ViewCodeSequence": []}, ""),
        ({"PatientOrientation": ["A", "F"], "ViewPosition": "PA"}, "lateral"),
        ({"AcquisitionDeviceProcessingDescription": "CHEST,LAT"}, "lateral"),
        ({"PerformedProcedureStepDescription": "Thorax seitlich"}, "lateral"),
        ({"RequestAttributesSequence": [header_of(ScheduledProcedureStepDescription="Thorax lateral")]}, "lateral"),
        ({"ProcedureCodeSequence": [code("Plain chest X-ray lateral")]}, "lateral"),
        # the image decides before the study, which often names both views
        ({"SeriesDescription": "PA", "StudyDescription": "Chest LAT"}, "frontal"),
        ({"SeriesDescription": "LAT", "StudyDescription": "Chest PA and lateral"}, "lateral"),
        ({"SeriesDescription": "Chest", "StudyDescription": "Chest PA and lateral"}, "both"),
        ({"ViewPosition": "PA", "StudyDescription": "Chest PA and lateral"}, "frontal"),
        ({"ViewPosition": "AP", "SeriesDescription": "lateral"}, "both"),
    ],
    ids=str,
)
def test_the_most_specific_attribute_decides(elements, expected):
    assert view(header_of(**elements)) == expected


def test_lateral_views_are_refused_and_doubtful_ones_warned_about(stored, write_dicom):
    with pytest.raises(RadiographError, match="lateral view"):
        read_radiograph(write_dicom(stored, StudyDescription="Chest LAT"))
    doubtful = read_radiograph(write_dicom(stored, StudyDescription="Chest PA and lateral"))
    assert any("names a frontal and a lateral view" in text for text in doubtful.warnings)
    for frontal in ("BILATERAL", "AP FLAT", "LLD"):
        assert read_radiograph(write_dicom(stored, ViewPosition=frontal)).warnings == ()

"""SampleData: the samples that modules register, by category, as the module of this name shows and loads them."""

from __future__ import annotations

from typing import Any

import slicer


class SampleDataSource:
    """One sample of one file."""

    def __init__(self, sampleName: str, uris: str, fileNames: str, nodeNames: str, **rest: Any) -> None:
        self.sampleName, self.uris, self.fileNames, self.nodeNames = sampleName, [uris], [fileNames], [nodeNames]
        self.sampleDescription = sampleName
        self.thumbnailFileName = rest.pop("thumbnailFileName", None)
        self.customDownloader = rest.pop("customDownloader", None)
        if rest:
            raise TypeError(f"The stand-in's samples have no {sorted(rest)}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SampleDataSource) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]


class SampleDataLogic:
    """The list of samples."""

    @staticmethod
    def registerCustomSampleDataSource(category: str = "Custom", **source: Any) -> None:
        registered = vars(slicer.modules).setdefault("sampleDataSources", {}).setdefault(category, [])
        one = SampleDataSource(**source)
        if one not in registered:
            registered.append(one)

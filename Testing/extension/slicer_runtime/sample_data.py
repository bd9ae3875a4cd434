"""The module SampleData: the samples that other modules register, by category."""

from __future__ import annotations

from typing import Any

import slicer


class SampleDataSource:
    """A sample that consists of one file."""

    def __init__(self, sampleName: str, uris: str, fileNames: str, nodeNames: str, **options: Any) -> None:
        self.sampleName, self.uris, self.fileNames, self.nodeNames = sampleName, [uris], [fileNames], [nodeNames]
        self.sampleDescription = sampleName
        self.thumbnailFileName = options.pop("thumbnailFileName", None)
        self.customDownloader = options.pop("customDownloader", None)
        if options:
            raise TypeError(f"The stand-in's samples do not support {sorted(options)}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SampleDataSource) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]


class SampleDataLogic:
    """The list of samples."""

    @staticmethod
    def registerCustomSampleDataSource(category: str = "Custom", **source: Any) -> None:
        registered = vars(slicer.modules).setdefault("sampleDataSources", {}).setdefault(category, [])
        sample = SampleDataSource(**source)
        if sample not in registered:
            registered.append(sample)

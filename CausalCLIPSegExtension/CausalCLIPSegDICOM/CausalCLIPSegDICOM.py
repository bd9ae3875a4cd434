"""Hidden module: the DICOM browser reads and writes segmentations of radiographs through the library."""

import logging
from pathlib import Path

import slicer
from CausalCLIPSegDICOMModule import exchange
from DICOMLib import DICOMLoadable, DICOMPlugin
from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import ScriptedLoadableModule

from CausalCLIPSegLib import scene

__all__ = ["CausalCLIPSegDICOM", "CausalCLIPSegDICOMPlugin"]

_CONFIDENCE = 0.97
"""A little more than Slicer's own reader of segmentations, which fails for radiographs."""
_CORRECTED_CONFIDENCE = 0.9
"""Of all that a series offers, Slicer selects what has the highest confidence, whatever is said to be selected."""
_EXPORT_CONFIDENCE = 1.01
"""Slicer's own exporter claims 1 for every segmentation, and of equals the list puts it first."""
_TAGS = {
    "seriesInstanceUID": "0020,000E",
    "modality": "0008,0060",
    "instanceUID": "0008,0018",
    "sopClassUID": "0008,0016",
}
"""Those that Slicer's base class does not name before 5.12; the database reads what is named here ahead of time."""
_FILM_IS_MISSING = _("The radiograph of this segmentation is not in the DICOM database. Import it first.")


class CausalCLIPSegDICOMPlugin(DICOMPlugin):
    """Reads DICOM-SEG that refers to one radiograph, and writes it."""

    def __init__(self):
        super().__init__()
        self.loadType = _("Segmentation of a radiograph")
        self.tags.update(_TAGS)

    def examineForImport(self, fileLists):
        """Return what can be loaded of lists of files; nothing where the library is not installed.

        Never what was found earlier: the film, or the library, may have come since.
        """
        return [one for files in fileLists for one in self.examineFiles(files)]

    def examineFiles(self, files):
        """Return what can be loaded of some files; of a segmentation and its corrections the last is selected."""
        found = [one for one in map(self._examine, files) if one is not None]
        corrected = {loadable.corrects for loadable in found}
        for loadable in found:
            if loadable.uid in corrected:
                loadable.selected = False
                loadable.confidence = _CORRECTED_CONFIDENCE
                loadable.warning = loadable.warning or _("A later segmentation of this series corrects this one.")
        return found

    def _examine(self, path):
        if slicer.dicomDatabase.fileValue(path, self.tags["modality"]) != "SEG" or not exchange.available():
            return None
        from CausalCLIPSegLib.errors import CausalCLIPSegError

        try:
            segmentation = exchange.readSegmentation(path)
        except CausalCLIPSegError:
            return None
        source = segmentation.source
        if source is None:
            return None
        film = slicer.dicomDatabase.fileForInstance(source.sop_instance_uid)
        kind = slicer.dicomDatabase.fileValue(film, self.tags["sopClassUID"]) if film else source.sop_class_uid
        if not exchange.isRadiograph(kind):
            return None
        loadable = DICOMLoadable()
        loadable.files = [path]
        loadable.name = slicer.dicomDatabase.fileValue(path, self.tags["seriesDescription"]) or _("Segmentation")
        loadable.tooltip = _("Outlines on a chest radiograph, loaded on their film by rows and columns")
        loadable.warning = "" if film else _FILM_IS_MISSING
        loadable.selected = bool(film)
        loadable.confidence = _CONFIDENCE
        loadable.uid = slicer.dicomDatabase.fileValue(path, self.tags["instanceUID"])
        loadable.corrects = segmentation.previous.sop_instance_uid if segmentation.previous else ""
        loadable.referencedInstanceUIDs = [source.sop_instance_uid]
        return loadable

    def load(self, loadable):
        """Load a segmentation, and its film where that is not in the scene yet."""
        from CausalCLIPSegModule import dicom_files

        from CausalCLIPSegLib.errors import CausalCLIPSegError

        try:
            segmentation = exchange.readSegmentation(loadable.files[0])
            instance = segmentation.source.sop_instance_uid
            film = exchange.radiographInScene(instance) or self._loadFilm(instance)
            node = exchange.showSegmentation(segmentation, film, loadable.name)
        except (CausalCLIPSegError, OSError, ValueError, RuntimeError) as error:
            logging.error(f"{loadable.name}: {error}")
            return False
        dicom_files.remember(node, loadable.uid)
        self.addSeriesInSubjectHierarchy(loadable, node)
        scene.place_beside(slicer.mrmlScene, node, film)  # a film that was opened as a file is in no study
        return True

    def _loadFilm(self, instance):
        """Load the film of a segmentation alone; raises ValueError where it is not there."""
        path = slicer.dicomDatabase.fileForInstance(instance)
        if not path:
            raise ValueError(_FILM_IS_MISSING)
        series = slicer.dicomDatabase.fileValue(path, self.tags["seriesInstanceUID"])
        if len(slicer.dicomDatabase.filesForSeries(series)) > 1:  # as a series they would be the slices of one volume
            volume = slicer.util.loadVolume(path, {"singleFile": True})
            volume.SetAttribute("DICOM.instanceUIDs", instance)
            return volume
        from DICOMLib import DICOMUtils

        DICOMUtils.loadSeriesByUID([series])
        film = exchange.radiographInScene(instance)
        if film is None:
            raise ValueError(_("The radiograph of this segmentation cannot be loaded."))
        return film

    def examineForExport(self, subjectHierarchyItemID):
        """Return what can be exported of an item; nothing where it would fail."""
        hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
        node = hierarchy.GetItemDataNode(subjectHierarchyItemID)
        if node is None or not node.IsA("vtkMRMLSegmentationNode") or exchange.whyNotExported(node):
            return []
        exportable = slicer.qSlicerDICOMExportable()
        exportable.confidence = _EXPORT_CONFIDENCE
        exportable.setTag("Modality", "SEG")
        exportable.setTag("SeriesDescription", node.GetName())
        exportable.name = self.loadType
        exportable.tooltip = _("A DICOM-SEG that refers to the radiograph by rows and columns")
        exportable.subjectHierarchyItemID = subjectHierarchyItemID
        exportable.pluginClass = self.__module__
        return [exportable]

    def export(self, exportables):
        """Write segmentations into their folders and the database; return "" or why not."""
        from CausalCLIPSegLib.errors import CausalCLIPSegError

        hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
        for exportable in exportables:
            node = hierarchy.GetItemDataNode(exportable.subjectHierarchyItemID)
            folder, description = Path(exportable.directory), exportable.tag("SeriesDescription")
            try:
                path = exchange.writeSegmentation(node, folder, description)
            except (CausalCLIPSegError, OSError, ValueError) as error:
                return str(error)
            slicer.dicomDatabase.insert(str(path))
        return ""


class CausalCLIPSegDICOM(ScriptedLoadableModule):
    """Tells Slicer's DICOM module of the plugin."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        parent.title = _("Segmentation of a radiograph (DICOM)")
        parent.categories = ["Developer Tools.DICOM Plugins"]
        parent.contributors = ["The CausalCLIPSeg contributors"]
        parent.helpText = _("Reads and writes DICOM segmentations of chest radiographs. It has no panel.")
        parent.acknowledgementText = _("DICOM-SEG is written by highdicom.")
        parent.hidden = True

    def setup(self):
        """Register when all modules are there.

        The browser loads in the order of registration, and a film that comes with its segmentation must come first.
        """
        if not hasattr(slicer.modules, "dicomPlugins"):
            slicer.modules.dicomPlugins = {}
        # Slicer looks the class up by the name of its file
        slicer.modules.dicomPlugins["CausalCLIPSegDICOM"] = CausalCLIPSegDICOMPlugin

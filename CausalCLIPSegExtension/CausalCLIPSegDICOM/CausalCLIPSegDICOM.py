"""Hidden module: the DICOM browser reads and writes segmentations of radiographs through the library."""

import logging
from pathlib import Path

import slicer
from CausalCLIPSegDICOMModule import exchange
from DICOMLib import DICOMLoadable, DICOMPlugin
from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import ScriptedLoadableModule

__all__ = ["CausalCLIPSegDICOM", "CausalCLIPSegDICOMPlugin"]

_CONFIDENCE = 0.97
"""A little more than Slicer's own reader of segmentations, which fails for radiographs."""


class CausalCLIPSegDICOMPlugin(DICOMPlugin):
    """Reads DICOM-SEG that refers to one CR or DX image, and writes it."""

    def __init__(self):
        super().__init__()
        self.loadType = _("Segmentation of a radiograph")

    def examineForImport(self, fileLists):  # noqa: N802, N803
        """Return what can be loaded of lists of files; nothing where the library is not installed."""
        return [one for files in fileLists for one in self.examineFiles(files)]

    def examineFiles(self, files):  # noqa: N802
        """Return what can be loaded of some files."""
        loadables = []
        for path in files:
            if slicer.dicomDatabase.fileValue(path, self.tags["modality"]) != "SEG" or not exchange.available():
                continue
            film = self._film(path)
            if film is None:
                continue
            loadable = DICOMLoadable()
            loadable.files = [path]
            loadable.name = slicer.dicomDatabase.fileValue(path, self.tags["seriesDescription"]) or _("Segmentation")
            loadable.tooltip = _("Outlines on a chest radiograph, loaded on their film by rows and columns")
            loadable.selected = True
            loadable.confidence = _CONFIDENCE
            loadable.uid = slicer.dicomDatabase.fileValue(path, self.tags["instanceUID"])
            loadable.referencedInstanceUIDs = [film]
            loadables.append(loadable)
        return loadables

    def _film(self, path):
        """Return the instance of the radiograph that a segmentation is of, None where it is of something else."""
        from CausalCLIPSegLib.errors import CausalCLIPSegError

        try:
            source = exchange.readSegmentation(path).source
        except CausalCLIPSegError:
            return None
        if source is None:
            return None
        film = slicer.dicomDatabase.fileForInstance(source.sop_instance_uid)
        if not film or slicer.dicomDatabase.fileValue(film, self.tags["modality"]) not in exchange.MODALITIES:
            return None
        return source.sop_instance_uid

    def load(self, loadable):
        """Load a segmentation, and its film where that is not in the scene yet."""
        from CausalCLIPSegLib.errors import CausalCLIPSegError

        try:
            segmentation = exchange.readSegmentation(loadable.files[0])
            instance = segmentation.source.sop_instance_uid
            film = exchange.filmInScene(instance) or self._loadFilm(instance)
            if film is None:
                logging.error("The film of the segmentation cannot be loaded.")
                return False
            node = exchange.showSegmentation(segmentation, film, loadable.name)
        except (CausalCLIPSegError, OSError, ValueError) as error:
            logging.error(str(error))
            return False
        node.SetAttribute("DICOM.instanceUIDs", loadable.uid)
        return True

    def _loadFilm(self, instance):  # noqa: N802
        from DICOMLib import DICOMUtils

        path = slicer.dicomDatabase.fileForInstance(instance)
        if not path:
            return None
        DICOMUtils.loadSeriesByUID([slicer.dicomDatabase.fileValue(path, self.tags["seriesInstanceUID"])])
        return exchange.filmInScene(instance)

    def examineForExport(self, subjectHierarchyItemID):  # noqa: N802, N803
        """Return what can be exported of an item; nothing where it would fail."""
        hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
        node = hierarchy.GetItemDataNode(subjectHierarchyItemID)
        if node is None or not node.IsA("vtkMRMLSegmentationNode") or exchange.whyNotExported(node):
            return []
        exportable = slicer.qSlicerDICOMExportable()
        exportable.confidence = 1.0
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
        for number, exportable in enumerate(exportables):
            node = hierarchy.GetItemDataNode(exportable.subjectHierarchyItemID)
            path = Path(exportable.directory) / f"radiograph-segmentation-{number + 1}.dcm"
            try:
                exchange.writeSegmentation(node, path, exportable.tag("SeriesDescription"))
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
        parent.acknowledgementText = ""
        parent.hidden = True
        if not hasattr(slicer.modules, "dicomPlugins"):  # this module may come before the DICOM module
            slicer.modules.dicomPlugins = {}
        # Slicer looks the class up by the name of its file
        slicer.modules.dicomPlugins["CausalCLIPSegDICOM"] = CausalCLIPSegDICOMPlugin

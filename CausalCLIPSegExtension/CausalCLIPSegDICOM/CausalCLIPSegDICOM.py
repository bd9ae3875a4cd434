"""Hidden module that lets Slicer's DICOM browser read and write segmentations of radiographs."""

import logging
from pathlib import Path

import slicer
from CausalCLIPSegDICOMModule import exchange
from DICOMLib import DICOMLoadable, DICOMPlugin
from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import ScriptedLoadableModule

from CausalCLIPSegLib import scene
from CausalCLIPSegLib.errors import CausalCLIPSegError

__all__ = ["CausalCLIPSegDICOM", "CausalCLIPSegDICOMPlugin"]

_CONFIDENCE = 0.97
"""Higher than Slicer's own reader of segmentations, which fails for radiographs."""
_CORRECTED_CONFIDENCE = 0.9
"""Lower than Slicer's own reader: of a series, Slicer selects the loadable with the highest confidence."""
_EXPORT_CONFIDENCE = 1 + 1e-6
"""Higher than Slicer's own exporter, which claims 1 for every segmentation: of two exporters with the same confidence,
Slicer's export dialog lists only one (qSlicerDICOMExportDialog, exportablesByConfidence)."""
_TAGS = {
    "seriesInstanceUID": "0020,000E",
    "modality": "0008,0060",
    "instanceUID": "0008,0018",
    "sopClassUID": "0008,0016",
}
"""Tags that Slicer's base class lacks before 5.12; Slicer's database caches the tags that a plugin lists."""
_RADIOGRAPH_IS_MISSING = _("The radiograph of this segmentation is not in the DICOM database. Import it first.")


class CausalCLIPSegDICOMPlugin(DICOMPlugin):
    """Reads and writes DICOM-SEG objects that refer to one radiograph."""

    def __init__(self):
        super().__init__()
        self.loadType = _("Segmentation of a radiograph")
        self.tags.update(_TAGS)

    def examineForImport(self, fileLists):
        """Return what can be loaded from lists of files; nothing if the library is not installed.

        Nothing is cached, because the radiograph or the library may have been added since the last call.
        """
        return [loadable for files in fileLists for loadable in self.examineFiles(files)]

    def examineFiles(self, files):
        """Return what can be loaded from a series; of a segmentation and its corrections, only the last is selected.

        A series has one modality (DICOM PS3.3, C.7.3.1), so the first file is enough to pass over a stack of slices.
        """
        if not files or slicer.dicomDatabase.fileValue(files[0], self.tags["modality"]) != "SEG":
            return []
        loadables = [loadable for loadable in map(self._examine, files) if loadable is not None]
        corrected = {loadable.corrects for loadable in loadables}
        for loadable in loadables:
            if loadable.uid in corrected:
                loadable.selected = False
                loadable.confidence = _CORRECTED_CONFIDENCE
                loadable.warning = loadable.warning or _("A later segmentation of this series corrects this one.")
        return loadables

    def _examine(self, path):
        if not exchange.available():
            return None
        try:
            segmentation = exchange.readSegmentation(path)
        except CausalCLIPSegError:
            return None
        source = segmentation.source
        if source is None:
            return None
        radiograph = slicer.dicomDatabase.fileForInstance(source.sop_instance_uid)
        sop_class = source.sop_class_uid
        if radiograph:
            sop_class = slicer.dicomDatabase.fileValue(radiograph, self.tags["sopClassUID"])
        if not exchange.isRadiograph(sop_class):
            return None
        loadable = DICOMLoadable()
        loadable.files = [path]
        loadable.name = slicer.dicomDatabase.fileValue(path, self.tags["seriesDescription"]) or _("Segmentation")
        loadable.tooltip = _("Outlines on a chest radiograph, placed on it by rows and columns")
        loadable.warning = "" if radiograph else _RADIOGRAPH_IS_MISSING
        loadable.selected = bool(radiograph)
        loadable.confidence = _CONFIDENCE
        loadable.uid = slicer.dicomDatabase.fileValue(path, self.tags["instanceUID"])
        loadable.corrects = segmentation.previous.sop_instance_uid if segmentation.previous else ""
        loadable.referencedInstanceUIDs = [source.sop_instance_uid]
        return loadable

    def load(self, loadable):
        """Load a segmentation, and its radiograph if it is not in the scene yet; return whether this worked."""
        from CausalCLIPSegModule import dicom_files

        try:
            segmentation = exchange.readSegmentation(loadable.files[0])
            instance_uid = segmentation.source.sop_instance_uid
            volume = exchange.radiographInScene(instance_uid) or self._loadRadiograph(instance_uid)
            node = exchange.showSegmentation(segmentation, volume, loadable.name)
        except (CausalCLIPSegError, OSError, ValueError, RuntimeError) as error:
            logging.error(f"{loadable.name}: {error}")
            return False
        dicom_files.remember(node, loadable.uid)
        self.addSeriesInSubjectHierarchy(loadable, node)
        scene.place_beside(slicer.mrmlScene, node, volume)  # a radiograph that was opened as a file is in no study
        return True

    def _loadRadiograph(self, instanceUID):
        """Load the radiograph of a segmentation as one volume; raise ValueError if it is missing."""
        path = slicer.dicomDatabase.fileForInstance(instanceUID)
        if not path:
            raise ValueError(_RADIOGRAPH_IS_MISSING)
        series = slicer.dicomDatabase.fileValue(path, self.tags["seriesInstanceUID"])
        if len(slicer.dicomDatabase.filesForSeries(series)) > 1:  # Slicer would load them as slices of one volume
            volume = slicer.util.loadVolume(path, {"singleFile": True})
            volume.SetAttribute("DICOM.instanceUIDs", instanceUID)
            return volume
        from DICOMLib import DICOMUtils

        DICOMUtils.loadSeriesByUID([series])
        volume = exchange.radiographInScene(instanceUID)
        if volume is None:
            raise ValueError(_("The radiograph of this segmentation cannot be loaded."))
        return volume

    def examineForExport(self, subjectHierarchyItemID):
        """Return what can be exported from an item of the subject hierarchy; nothing if the export would fail."""
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
        """Write segmentations to their folders and add them to the database; return the first error, else ""."""
        from CausalCLIPSegModule.messages import sayError

        hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
        for exportable in exportables:
            node = hierarchy.GetItemDataNode(exportable.subjectHierarchyItemID)
            folder, description = Path(exportable.directory), exportable.tag("SeriesDescription")
            try:
                path = exchange.writeSegmentation(node, folder, description)
            except (CausalCLIPSegError, OSError, ValueError) as error:
                return sayError(error)
            slicer.dicomDatabase.insert(str(path))
        return ""


class CausalCLIPSegDICOM(ScriptedLoadableModule):
    """Registers the plugin with Slicer's DICOM module."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        parent.title = _("Segmentation of a radiograph (DICOM)")
        parent.categories = ["Developer Tools.DICOM Plugins"]
        parent.contributors = ["The CausalCLIPSeg contributors"]
        parent.helpText = _("Reads and writes DICOM segmentations of chest radiographs. It has no panel.")
        parent.acknowledgementText = _("DICOM-SEG is written by highdicom.")
        parent.hidden = True

    def setup(self):
        """Register the plugin after those of all other modules.

        The browser loads in the order of registration, and a radiograph must be loaded before its segmentation.
        """
        if not hasattr(slicer.modules, "dicomPlugins"):
            slicer.modules.dicomPlugins = {}
        # Slicer looks the class up by the name of its file
        slicer.modules.dicomPlugins["CausalCLIPSegDICOM"] = CausalCLIPSegDICOMPlugin

"""Read chest radiographs from image files, or take their pixels from another program."""

from CausalCLIPSegLib.radiograph.array import radiograph_from_array
from CausalCLIPSegLib.radiograph.radiograph import Radiograph
from CausalCLIPSegLib.radiograph.reader import read_radiograph

__all__ = ["Radiograph", "radiograph_from_array", "read_radiograph"]

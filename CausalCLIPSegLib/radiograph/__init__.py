"""Read chest radiographs from image files."""

from CausalCLIPSegLib.radiograph.radiograph import Radiograph
from CausalCLIPSegLib.radiograph.reader import read_radiograph

__all__ = ["Radiograph", "read_radiograph"]

"""CausalCLIPSeg: outline on a chest radiograph what a radiology note speaks of.

For research, not for diagnosis. Importing this package loads no torch; `CausalCLIPSegLib.segmenter` does.
"""

__version__ = "0.1.0"

RESEARCH_ONLY = "For research, not for diagnosis."
"""Said once where a result is shown."""

"""The address of the manual."""

MANUAL = "https://github.com/OWNER/SlicerCausalCLIPSeg/blob/main/docs/slicer.md"
"""OWNER stands for the account, as in CMakeLists.txt."""

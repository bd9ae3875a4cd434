"""The radiograph and the note of the demo, shared by the command line and the Slicer module.

This module imports only the standard library, so Slicer can import it before any package is installed.
"""

DEMO_IMAGE = "RG1_UNCR.dcm"
"""The file name of a portable chest radiograph in pydicom's test data."""

DEMO_NOTE = "Multiple rounded opacities in the right middle and lower zones and in the left middle and lower zones."
"""A note that describes it."""

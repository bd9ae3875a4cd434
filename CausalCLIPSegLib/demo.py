"""The radiograph and the note that the demo of the command line and the sample of the Slicer module share.

Standard library only, so that Slicer's bare Python can import it.
"""

DEMO_IMAGE = "RG1_UNCR.dcm"
"""A portable chest radiograph, by its name in the test data of pydicom."""

DEMO_NOTE = "Multiple rounded opacities in the right middle and lower zones and in the left middle and lower zones."
"""A note that describes it."""

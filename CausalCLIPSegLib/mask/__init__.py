"""Geometry of masks: connected components, lungs and their zones, and a mask in the words of a note."""

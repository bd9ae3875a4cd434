"""Augmentation: random views of a radiograph, and varied notes that fit its mask."""

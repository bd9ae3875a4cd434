"""Augmentation: random views of a radiograph, and other notes that fit its mask."""

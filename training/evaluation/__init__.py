"""Evaluate a checkpoint: overlap metrics with intervals, calibration, other notes, and corrupted radiographs."""

"""Evaluation of a checkpoint: overlap metrics with intervals, calibration, and tests with other notes and images."""

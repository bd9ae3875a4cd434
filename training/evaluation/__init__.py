"""Evaluation of a checkpoint: figures, intervals, notes and radiographs that were changed."""

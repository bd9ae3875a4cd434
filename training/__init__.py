"""Training, evaluation and export of checkpoints: `python -m training --help`."""

"""Train, evaluate and export checkpoints: `python -m training --help`."""

"""A checkpoint: its card, its weights, where it runs, and the grid that it sees."""

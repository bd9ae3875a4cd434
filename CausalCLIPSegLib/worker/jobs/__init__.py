"""What the worker does for each request: plain functions without processes, lines or threads."""

"""What the worker does for each request: plain functions that know no process, lines or threads."""

"""The functions that answer requests. They know nothing of processes, lines or threads."""

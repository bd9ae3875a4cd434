"""One long-lived process that segments radiographs for another program, by JSON lines."""

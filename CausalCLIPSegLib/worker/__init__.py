"""A long-lived process that segments radiographs for another program and speaks JSON lines."""

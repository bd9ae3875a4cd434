"""An HTTP server that segments radiographs: for its own page in a browser, for 3D Slicer, and for programs.

The server's process moves bytes. Worker processes segment (`workers`), a process of its own reads each radiograph
(`reading`), and NumPy runs in threads. docs/serve.md is the guide, docs/serve-it.md the page for hospital IT.
"""

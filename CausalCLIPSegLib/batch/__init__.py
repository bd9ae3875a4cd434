"""Many films with their notes, one after the other: what is done stays done, and one bad film does not stop the rest.

`films` says what there is to do, `rows` what has become of it, `outlining` does it.
"""

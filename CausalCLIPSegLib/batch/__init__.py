"""Segment many radiographs by their notes, one after the other.

`inputs` lists what there is to do, `runner` does it, and `table` keeps what has been done. A stopped run continues
where it was, and an unusable image does not stop the others.
"""

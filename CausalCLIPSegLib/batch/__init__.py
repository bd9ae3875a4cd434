"""Segment many radiographs by their notes, one after the other.

`inputs` lists the images, `runner` segments them, and `table` records the outcomes. A stopped run can be continued,
and an unusable image does not stop the others.
"""

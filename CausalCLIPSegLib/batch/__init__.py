"""Segment many radiographs by their notes, several at the same time.

`inputs` lists the images (`note_table` reads tables), `runner` hands them to an executor (`processes` of this
computer, or `ray_cluster`), each process does `task`, and `table` records the outcomes. A stopped run can be
continued, and an unusable image does not stop the others.
"""

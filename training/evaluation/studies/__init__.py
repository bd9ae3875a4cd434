"""This project's own studies: paraphrases, the benchmark of notes, descriptions of masks, the page of results."""

"""Studies of this project: paraphrased notes, a benchmark of the parser, descriptions of masks, the results page."""

"""Checkpoints: their cards, weights, graphs and tokens; the engines that run them; resampling to and from their grid."""

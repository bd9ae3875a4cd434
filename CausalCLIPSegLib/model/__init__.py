"""Checkpoints: their cards, weights, graphs and tokens, the engines that run them, and resampling."""

"""Checkpoints: their cards and weights, the device that runs them, and resampling to and from their grid."""

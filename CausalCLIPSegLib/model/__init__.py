"""Checkpoints: card and weights, the device that runs them, and resampling to their input grid."""

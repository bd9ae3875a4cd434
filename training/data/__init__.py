"""Training data: layouts on disk, samples, splits, the cache of decoded pictures, and batches."""

"""Data: layouts on disk, samples, their checks, the cache of decoded radiographs, and batches."""

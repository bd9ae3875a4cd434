"""Fitting: the network in Lightning, its loss, optimizer, start values and callbacks."""

"""Fitting: the network as a Lightning module, its loss, optimizer, initial weights and callbacks."""

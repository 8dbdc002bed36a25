"""Graphs of crystals and of bands, and batches of them."""

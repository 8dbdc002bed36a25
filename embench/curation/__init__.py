"""From the raw release to the dataset: read, normalise, annotate, group, flag, write."""

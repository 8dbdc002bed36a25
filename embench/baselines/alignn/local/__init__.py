"""A small ALIGNN on the surroundings of a hop, made to be trained on a few cores."""

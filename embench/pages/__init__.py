"""The generated pages of ``docs/``, each computed from the dataset, the splits or the baselines."""

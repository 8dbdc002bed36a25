"""What every part uses: atomic files, the cache folder, workers, shipped files, words and tables."""

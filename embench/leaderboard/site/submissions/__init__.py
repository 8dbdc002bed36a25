"""A page for each submission."""

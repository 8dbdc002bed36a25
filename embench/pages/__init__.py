"""Texts of the generated pages, with named places for what is computed."""

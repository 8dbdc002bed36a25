"""An evaluation for the terminal, as JSON, and as a page."""

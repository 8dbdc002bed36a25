"""The networks that read the graphs."""

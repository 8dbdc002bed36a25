"""The main page of the site: the ranked systems of every protocol."""

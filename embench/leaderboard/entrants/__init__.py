"""What enters the board from the project itself: the baselines and the literature."""

"""``python -m embench.cli`` is ``embench``."""

from embench.cli import main

main()

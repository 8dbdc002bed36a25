"""``python -m embench`` is ``embench``."""

from embench.cli import main

main()

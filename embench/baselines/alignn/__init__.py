"""ALIGNN: crystal graphs with bond angles, the network on them, its training, and what reads other people's weights."""

"""The dataset on the Hugging Face hub: assemble the folder, check it, push it, pull it, convert it.

What goes to the hub is ``dataset_card/`` of the repository, written by :func:`embench.release.export.export`. The
modules need the extra ``hub``; the rest of embench does not import them.
"""

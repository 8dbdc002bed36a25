"""The versions of the code and of the dataset that it ships."""

__version__ = "0.1.0"
DATASET_VERSION = "1.1.0"
FIRST_VERSION = "1.0.0"
OXYGEN_VERSION = "1.0.0"

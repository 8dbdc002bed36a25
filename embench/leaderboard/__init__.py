"""Submissions: predictions files with a description, scored by embench and never by their authors."""

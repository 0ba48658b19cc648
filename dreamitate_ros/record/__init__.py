"""Demonstrations from people: both cameras recorded in takes, judged at once, kept in the training layout."""

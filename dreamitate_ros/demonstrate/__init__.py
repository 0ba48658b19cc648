"""Demonstrate: the scripted experts' demonstrations as videos to learn from, in the release's layout."""

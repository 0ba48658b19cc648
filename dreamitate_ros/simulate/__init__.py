"""Simulate: a MuJoCo cell that offers what the hardware offers, and an expert that plays the person."""

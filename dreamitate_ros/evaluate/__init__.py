"""Evaluate: trials whose success is judged from ground truth, and figures that say how sure they are."""

"""Training the stereo video model on demonstrations.

demonstrations.py ── latent_cache.py ──> clips ── batches.py ──> loss (denoise.py) ── loop.py ──> checkpoints.py
"""

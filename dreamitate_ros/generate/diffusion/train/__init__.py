"""Training the stereo video model on demonstrations, and a small model's autoencoder before it.

    start.py ── unet.py: demonstrations.py ── latent_cache.py ──> clips ── batches.py ──> loss (denoise.py) ─┐
             └─ vae.py:  demonstrations.py ── frame_cache.py ──> clips ── vae_batches.py ──> loss ────── loop.py
                                                                                              checkpoints.py ┘
held_out.py and pose_errors.py judge both by the tools that our tracker finds.
"""

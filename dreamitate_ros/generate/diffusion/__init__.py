"""Imagining with a stereo video diffusion model (Stable Video Diffusion's architecture) on diffusers.

Importing this package costs nothing; its modules import torch and diffusers. The flow of one imagination:

    photos, prompt ── conditioning.py ──> Condition ── sampling.py ──> latents ── latents.py ──> clip ──> StereoVideo
                                                     network.py, one pass a step
"""

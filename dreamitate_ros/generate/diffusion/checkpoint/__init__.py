"""Checkpoints of the original's layout become a folder that StereoVideoPipeline.from_pretrained loads."""

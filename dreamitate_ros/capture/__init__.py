"""Capture: two cameras become one StereoImage of the size the video model sees."""

"""Dreamitate for ROS 2: a robot acts out what a video model imagined (arXiv 2406.16862).

The flow is the layout: capture -> generate -> track -> execute. See README.md.
"""

"""Generate: a StereoImage becomes the StereoVideo of the task done there."""

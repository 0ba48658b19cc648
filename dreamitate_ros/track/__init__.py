"""Following known tools through an imagined stereo video: find, align, fit both views, judge."""

"""Tools and their mounts as files for a 3D printer, drawn from the same tool folders and brackets. No ROS."""

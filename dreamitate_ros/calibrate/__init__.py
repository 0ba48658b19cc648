"""Where the cameras, the arms and the table stand, from photos of a ChArUco board and the arms' poses. No ROS."""

"""The ROS 2 graph: thin shells over the core, one file per node. The only folder that imports ROS."""

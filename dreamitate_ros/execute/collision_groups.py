"""MuJoCo's contact bits and geom groups, shared by the planner's world and the simulated cell."""

VISIBLE = 2  # geom groups: drawn
COLLISION = 3  # not drawn

WORLD_TYPE = 1  # table, cameras, objects
ARM_TYPE = 2
ARM_AFFINITY = 3  # arms meet the world and each other

"""From tracked tools to arm motion: retargeting, kinematics, collision, timing and monitored execution."""

"""What the arms were told and did: joints with their limits, and the tools' error along the path."""

from collections.abc import Mapping

import matplotlib
import numpy as np
from matplotlib.axes import Axes

from dreamitate_ros.execute.ur5e import POSITION_LIMIT_RAD, VELOCITY_LIMIT_RAD_S
from dreamitate_ros.report.figures import FAINT, INK, STYLE, colour, figure, legend, svg, time_axis
from dreamitate_ros.report.record import Record
from dreamitate_ros.values import ArmTrajectory, Array, Execution

JOINT_COLOURS = ("#2f6db3", "#d2691e", "#4c8c4a", "#a23b72", "#7a6a4f", "#3f9c9c")


def joint_motion(record: Record) -> str | None:
    """Joint angles planned and measured, and planned speeds against the limit; None without a plan."""
    if not record.plan:
        return None
    with matplotlib.rc_context(STYLE):
        drawing = figure(6.0)
        grid = drawing.subplots(2, len(record.plan), sharex=True, sharey="row", squeeze=False)
        for column, (arm, trajectory) in zip(grid.T, record.plan.items(), strict=True):
            column[0].set_title(f"{arm} arm: joint angles, deg")
            column[1].set_title(f"{arm} arm: planned joint speed, % of the limit")
            _draw_angles(column[0], trajectory, record.execution)
            _draw_speeds(column[1], trajectory)
            for axes in column:
                axes.axvspan(*trajectory.contact_s, color="#f0efe6", zorder=0)
        legend(grid[0, 0], columns=2)
        time_axis(grid[-1], "time of the motion, s")
        return svg(drawing, "joints")


def path_error(record: Record) -> str | None:
    """Measured distance and angle between each tool and the tracked path; None when nothing was executed."""
    execution = record.execution
    if execution is None or not execution.path_error_mm:
        return None
    with matplotlib.rc_context(STYLE):
        drawing = figure(2.6)
        distance, angle = drawing.subplots(1, 2)
        distance.set_title("tool's distance from the path, mm")
        angle.set_title("tool's angle to the path, deg")
        _draw_errors(distance, execution.path_error_mm)
        _draw_errors(angle, execution.path_error_deg)
        legend(distance)
        time_axis([distance, angle], "along the tracked path, %")
        return svg(drawing, "error")


def _draw_angles(axes: Axes, trajectory: ArmTrajectory, execution: Execution | None) -> None:
    for joint, name in enumerate(trajectory.joint_names):
        ink = JOINT_COLOURS[joint % len(JOINT_COLOURS)]
        label = name.removeprefix(f"{trajectory.arm}_").removesuffix("_joint").replace("_", " ")
        planned = np.degrees(trajectory.positions[:, joint])
        axes.plot(trajectory.times_s, planned, color=ink, lw=1, ls=(0, (4, 2)))
        axes.plot([], [], color=ink, lw=2, label=label)
        if execution is not None and trajectory.arm in execution.positions:
            measured = np.degrees(execution.positions[trajectory.arm][:, joint])
            axes.plot(execution.times_s, measured, color=ink, lw=2.2, alpha=0.55)
    limit_deg = float(np.degrees(POSITION_LIMIT_RAD.max()))
    axes.set_ylim(-limit_deg * 1.04, limit_deg * 1.04)
    axes.set_yticks(np.arange(-360, 361, 90))
    for sign in (-1, 1):
        axes.axhline(sign * limit_deg, color=INK, lw=0.9)
    axes.annotate("limit (elbow: 180)", (0, limit_deg), (2, -10), textcoords="offset points", color=FAINT)


def _draw_speeds(axes: Axes, trajectory: ArmTrajectory) -> None:
    share: Array = 100 * np.abs(trajectory.velocities) / VELOCITY_LIMIT_RAD_S
    for joint in range(share.shape[1]):
        axes.plot(trajectory.times_s, share[:, joint], color=JOINT_COLOURS[joint % len(JOINT_COLOURS)], lw=1)
    axes.axhline(100, color=INK, lw=0.9)
    axes.set_ylim(0, max(105.0, 1.05 * float(share.max(initial=0.0))))


def _draw_errors(axes: Axes, errors: Mapping[str, Array]) -> None:
    for arm, error in errors.items():
        along = np.linspace(0, 100, len(error)) if len(error) > 1 else np.zeros(len(error))
        axes.plot(along, error, color=colour(arm), marker="o", ms=2.5, lw=1.3, label=f"{arm} tool")
    axes.set_ylim(bottom=0)

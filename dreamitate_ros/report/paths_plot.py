"""Where the tools went: on the table seen from above, and each component over time."""

import cv2
import matplotlib
import numpy as np
from matplotlib.axes import Axes

from dreamitate_ros import episode_files as files
from dreamitate_ros.report.figures import INK, STYLE, colour, figure, legend, svg, time_axis
from dreamitate_ros.report.record import Record, world_from_tool
from dreamitate_ros.rig import Rig
from dreamitate_ros.values import Array, Image, ToolTrack

TABLE_M = ((-0.62, 0.62), (-0.42, 0.42))
TABLE_PX_PER_M = 500
HEADING_M = 0.035


def paths_from_above(record: Record) -> str | None:
    """The table from above: the photo laid flat on it, tool paths, arms; None without tracks."""
    if not record.tracks:
        return None
    with matplotlib.rc_context(STYLE):
        drawing = figure(6.2)
        axes = drawing.add_subplot()
        axes.set_aspect("equal")
        axes.set_xlabel("x, m")
        axes.set_ylabel("y, m (away from the person)")
        _draw_table(axes, record)
        for track in record.tracks:
            _draw_path(axes, track, world_from_tool(record, track))
        if record.rig is not None and record.rig.world_from_top is not None:
            for arm in record.rig.base_from_top:
                _draw_base(axes, arm, record.rig.world_from_base(arm))
        legend(axes, columns=2)
        return svg(drawing, "above")


def components(record: Record) -> str | None:
    """Position, heading and tip of each tool over time, and how sure the tracker is; None without tracks."""
    if not record.tracks:
        return None
    with matplotlib.rc_context(STYLE):
        drawing = figure(4.6)
        grid = drawing.subplots(2, 3, sharex=True)
        for track in record.tracks:
            poses = world_from_tool(record, track)
            for axes, (title, values) in zip(grid.flat, _components(poses), strict=False):
                axes.set_title(title)
                _draw_component(axes, track, values)
            last = grid.flat[5]
            last.set_title("confidence, 0 to 1")
            last.plot(track.times_s, track.confidence, color=colour(track.tool), marker="o", ms=3)
            last.set_ylim(-0.03, 1.05)
        legend(grid.flat[0])
        time_axis(grid[1], "imagined time, s")
        return svg(drawing, "components")


def table_view(rig: Rig, top: Image) -> Image | None:
    """The top photo (H, W, 3) as seen from straight above: the table's plane at TABLE_PX_PER_M, y upwards."""
    if rig.world_from_top is None:
        return None
    (x0, x1), (y0, y1) = TABLE_M
    world_from_pixel = np.array([[1 / TABLE_PX_PER_M, 0, x0], [0, -1 / TABLE_PX_PER_M, y1], [0, 0, 1]])
    top_from_world = np.linalg.inv(rig.world_from_top)
    photo_from_pixel = rig.top.K @ top_from_world[:3, [0, 1, 3]] @ world_from_pixel
    size = (round((x1 - x0) * TABLE_PX_PER_M), round((y1 - y0) * TABLE_PX_PER_M))
    return np.asarray(
        cv2.warpPerspective(
            top,
            photo_from_pixel,
            size,
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=(255, 255, 255),
        ),
        dtype=np.uint8,
    )


def _draw_table(axes: Axes, record: Record) -> None:
    photo = cv2.imread(str(record.folder / files.TOP))
    if record.rig is None or photo is None:
        return
    image = table_view(record.rig, np.asarray(cv2.cvtColor(photo, cv2.COLOR_BGR2RGB), dtype=np.uint8))
    if image is not None:
        (x0, x1), (y0, y1) = TABLE_M
        axes.imshow(image, extent=(x0, x1, y0, y1), alpha=0.55, interpolation="bilinear", zorder=0)
        axes.grid(False)


def _draw_path(axes: Axes, track: ToolTrack, poses: Array) -> None:
    shown = track.present
    x, y = poses[shown, 0, 3], poses[shown, 1, 3]
    heading = HEADING_M * poses[shown, :2, 0]
    observed = track.observed[shown]
    ink = colour(track.tool)
    axes.plot(x, y, color=ink, lw=1.8, zorder=3, label=f"{track.tool} tool")
    axes.plot([x, x + heading[:, 0]], [y, y + heading[:, 1]], color=ink, lw=0.9, alpha=0.7, zorder=3)
    axes.scatter(x[observed], y[observed], s=18, color=ink, zorder=4)
    axes.scatter(x[~observed], y[~observed], s=18, facecolor="white", edgecolor=ink, zorder=4)
    if len(x):
        axes.annotate("start", (x[0], y[0]), (6, -9), textcoords="offset points", color=ink, fontsize=8)


def _draw_base(axes: Axes, arm: str, world_from_base: Array) -> None:
    x, y = world_from_base[:2, 3]
    axes.scatter([x], [y], s=260, facecolor="#f4f4f2", edgecolor=colour(arm), linewidth=2, zorder=3)
    axes.annotate(f"{arm} arm", (x, y), (0, 15), textcoords="offset points", ha="center", color=INK)


def _components(poses: Array) -> list[tuple[str, Array]]:
    yaw = np.arctan2(poses[:, 1, 0], poses[:, 0, 0])
    known = np.isfinite(yaw)
    yaw[known] = np.unwrap(yaw[known])
    tip = np.arcsin(np.clip(-poses[:, 2, 0], -1, 1))
    return [
        ("x, mm", 1e3 * poses[:, 0, 3]),
        ("y, mm", 1e3 * poses[:, 1, 3]),
        ("z above the table, mm", 1e3 * poses[:, 2, 3]),
        ("heading about z, deg", np.degrees(yaw)),
        ("front tipped down, deg", np.degrees(tip)),
    ]


def _draw_component(axes: Axes, track: ToolTrack, values: Array) -> None:
    ink = colour(track.tool)
    axes.plot(track.times_s, values, color=ink, lw=1.4, label=f"{track.tool} tool")
    for mask, face in ((track.observed, ink), (~track.observed, "white")):
        axes.scatter(track.times_s[mask], values[mask], s=13, facecolor=face, edgecolor=ink, zorder=3)

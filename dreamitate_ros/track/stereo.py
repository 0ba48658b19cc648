"""One pose from both views: where each view alone sees the tool, explained by a single pose of it."""

from dataclasses import dataclass

import numpy as np

from dreamitate_ros.geometry import angle_rad, apply, inverse, project
from dreamitate_ros.rig import Rig
from dreamitate_ros.track.align import Alignment, perturb, pixel_jacobian
from dreamitate_ros.track.appearance import Appearance
from dreamitate_ros.values import Array, Camera

ITERATIONS = 12
MOST_EDGES = 250
# usual and impossible differences between the two views of one imagined tool
RESIDUAL_RAD = (0.009, 0.021)  # 5 and 12 px at 768x448
APART_M = (0.08, 0.16)
APART_RAD = (np.radians(20), np.radians(40))


@dataclass(frozen=True)
class StereoFit:
    """top_from_tool: (4, 4). residual_px: (2,) rms distance of the pattern's edges in the top and the side view.

    contradiction: 0 where the views differ no more than those of a good imagined video; 1 where they cannot show
    the same pose. From the residual as an angle, and from how far apart the two poses fitted alone are.
    """

    top_from_tool: Array
    residual_px: Array
    contradiction: float


@dataclass(frozen=True)
class _View:
    """camera_from_top (4, 4); edges (E, 3) in the tool frame and where they were seen (E, 2), in px."""

    camera: Camera
    camera_from_top: Array
    edges: Array
    seen: Array


def fit_both_views(appearance: Appearance, rig: Rig, top: Alignment, side: Alignment) -> StereoFit:
    """The pose that best explains both alignments, each view weighing the same.

    The views of an imagined video disagree, mostly about depth. Each view pins the image of the tool's edges to
    half a pixel however wrong its depth is, so the images are what the one pose is fitted to, not the two poses.
    """
    views = [_view(rig.top, np.eye(4), top), _view(rig.side, rig.side_from_top, side)]
    starts = [top.camera_from_tool, rig.top_from_side @ side.camera_from_tool]
    poses = [_fit(appearance, views, start) for start in starts]
    pose = min(poses, key=lambda pose: _cost(views, pose))
    residual_px = np.sqrt([_squared(view, pose) for view in views])
    return StereoFit(pose, residual_px, _contradiction(views, residual_px, starts))


def _view(camera: Camera, camera_from_top: Array, alignment: Alignment) -> _View:
    edges = alignment.edges[:: max(1, len(alignment.edges) // MOST_EDGES)]
    return _View(camera, camera_from_top, edges, project(camera, apply(alignment.camera_from_tool, edges)))


def _fit(appearance: Appearance, views: list[_View], top_from_tool: Array) -> Array:
    damping, cost = 1e-3, _cost(views, top_from_tool)
    for _ in range(ITERATIONS):
        curvature, slope = np.zeros((6, 6)), np.zeros(6)
        for view in views:
            residual, jacobian = _linearise(appearance, view, top_from_tool)
            curvature += jacobian.T @ jacobian / len(view.edges)
            slope += jacobian.T @ residual / len(view.edges)
        scaled = curvature + damping * np.diag(np.diag(curvature))
        step = np.asarray(-np.linalg.solve(scaled, slope), dtype=np.float64)
        candidate = perturb(top_from_tool, appearance.center_m, step)
        candidate_cost = _cost(views, candidate)
        if candidate_cost < cost:
            done = cost - candidate_cost < 1e-6 * cost
            top_from_tool, cost, damping = candidate, candidate_cost, damping / 10
            if done:
                break
        else:
            damping *= 10
    return top_from_tool


def _contradiction(views: list[_View], residual_px: Array, alone: list[Array]) -> float:
    residual_rad = max(px / view.camera.K[0, 0] for px, view in zip(residual_px, views, strict=True))
    between = inverse(alone[0]) @ alone[1]
    return max(
        _rise(residual_rad, *RESIDUAL_RAD),
        _rise(float(np.linalg.norm(alone[0][:3, 3] - alone[1][:3, 3])), *APART_M),
        _rise(float(angle_rad(between)), *APART_RAD),
    )


def _rise(value: float, low: float, high: float) -> float:
    """0 below low, 1 above high, straight between."""
    return float(np.clip((value - low) / (high - low), 0.0, 1.0))


def _linearise(appearance: Appearance, view: _View, top_from_tool: Array) -> tuple[Array, Array]:
    """Residual (2 E,) and its derivative (2 E, 6) by a twist in the top camera's axes."""
    points = apply(view.camera_from_top @ top_from_tool, view.edges)
    center = apply(view.camera_from_top @ top_from_tool, appearance.center_m[None])[0]
    residual = project(view.camera, points) - view.seen
    rotation = view.camera_from_top[:3, :3]
    twist_in_view = np.block([[rotation, np.zeros((3, 3))], [np.zeros((3, 3)), rotation]])
    jacobian = pixel_jacobian(view.camera, points, center) @ twist_in_view
    return residual.reshape(-1), jacobian.reshape(-1, 6)


def _squared(view: _View, top_from_tool: Array) -> float:
    """Mean squared distance of the edges, in px^2; huge when the tool is behind the camera."""
    pixels = project(view.camera, apply(view.camera_from_top @ top_from_tool, view.edges))
    return float(np.nan_to_num(((pixels - view.seen) ** 2).sum(axis=1), nan=1e8).mean())


def _cost(views: list[_View], top_from_tool: Array) -> float:
    return sum(_squared(view, top_from_tool) for view in views)

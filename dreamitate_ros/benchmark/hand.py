"""A hand on a tool's handle, and fingers across the tool, as capsules: drawn, and asked what they hide."""

from dataclasses import dataclass

import mujoco
import numpy as np
import trimesh

from dreamitate_ros.execute import collision_groups as groups
from dreamitate_ros.geometry import apply
from dreamitate_ros.track.appearance import Appearance
from dreamitate_ros.values import Array

FINGER_M, PALM_M = 0.0095, 0.021
SHOULDER_M = np.array([0.0, -0.95, 0.42])
FOREARM_M = 0.5
HIDDEN_POINTS = 300


@dataclass(frozen=True)
class Capsule:
    """start, end: (3,) in the tool frame, metres."""

    start: Array
    end: Array
    radius_m: float


@dataclass(frozen=True)
class Hand:
    """capsules that move with the tool; wrist_m: (3,) in the tool frame, where the forearm begins."""

    capsules: tuple[Capsule, ...]
    wrist_m: Array

    def add_to(self, body: mujoco.MjsBody, skin: Array) -> None:
        """Draw it on the tool's body; skin: RGBA."""
        for capsule in self.capsules:
            body.add_geom(
                type=mujoco.mjtGeom.mjGEOM_CAPSULE, fromto=[*capsule.start, *capsule.end],
                size=[capsule.radius_m, 0, 0], rgba=skin, group=groups.VISIBLE, contype=0, conaffinity=0,
            )  # fmt: skip

    def hidden(self, appearance: Appearance, tool_from_eye_m: Array) -> float:
        """Share of the tool's surface that an eye at (3,) in the tool frame would see, but for the hand."""
        points = appearance.surface[0][:: len(appearance.surface[0]) // HIDDEN_POINTS]
        rays = points - tool_from_eye_m
        first = appearance.rays.run(
            np.broadcast_to(tool_from_eye_m, rays.shape).astype(np.float32).copy(),
            rays.astype(np.float32),
            output=True,
        )["tfar"]
        seen = first > 1 - 1e-3
        if not seen.any():
            return 1.0
        covered = self._mesh.ray.intersects_any(
            np.broadcast_to(tool_from_eye_m, rays.shape)[seen], rays[seen]
        )
        return float(covered.mean())

    @property
    def _mesh(self) -> trimesh.Trimesh:
        return trimesh.util.concatenate([_mesh(capsule) for capsule in self.capsules])


def grip(appearance: Appearance, random: np.random.Generator) -> Hand:
    """Around the end of the tool's handle: the end farthest from the tool's working part, its origin."""
    end, across, up = _handle(appearance)
    along = -end / np.linalg.norm(end)
    hold = end + along * random.uniform(0.08, 0.14) * np.abs(end).max() * 1.3
    capsules = [Capsule(hold - 0.012 * up - 0.030 * along, hold - 0.012 * up + 0.030 * along, PALM_M)]
    for step in (-0.030, -0.010, 0.010, 0.030):  # fingers around it, from below
        base = hold + step * along - 0.020 * up
        capsules += [
            Capsule(base + 0.020 * across, base + 0.026 * across + 0.024 * up, FINGER_M),
            Capsule(base + 0.026 * across + 0.024 * up, base - 0.002 * across + 0.036 * up, FINGER_M),
        ]
    wrist = hold - 0.085 * along - 0.010 * up
    capsules.append(Capsule(hold - 0.02 * along - 0.012 * up, wrist, 0.022))
    return Hand(tuple(capsules), wrist)


def fingers_across(appearance: Appearance, random: np.random.Generator) -> tuple[Capsule, ...]:
    """One to four fingers side by side across the tool, somewhere along it."""
    end, across, up = _handle(appearance)
    span = appearance.center_m - end
    at, along = end + span * random.uniform(0.5, 1.6), span / np.linalg.norm(span)
    count, reach = int(random.integers(1, 5)), 0.055
    points = appearance.surface[0]
    height = float(((points - at) @ up).max())
    centers = [at + (0.020 * step) * along + (height + 0.006) * up for step in range(count)]
    return tuple(
        Capsule(center - reach * across, center + random.uniform(0.2, 1.0) * reach * across, FINGER_M)
        for center in centers
    )


def forearm_ends(world_from_tool: Array, wrist_m: Array) -> tuple[Array, Array]:
    """(3,), (3,) of the forearm in the world, from the wrist towards the person's shoulder."""
    wrist = apply(world_from_tool, wrist_m[None])[0]
    towards = SHOULDER_M + [0.3 * wrist[0], 0, 0] - wrist
    return wrist, wrist + FOREARM_M * towards / np.linalg.norm(towards)


def _handle(appearance: Appearance) -> tuple[Array, Array, Array]:
    """The handle's end (3,), and two directions across it, the second upwards as far as that is across."""
    points = appearance.triangles.reshape(-1, 3)
    size = np.ptp(points, axis=0)
    axis = int(np.argmax(size))
    sign = -1.0 if abs(points[:, axis].min()) >= abs(points[:, axis].max()) else 1.0
    end = np.zeros(3)
    end[axis] = sign * np.abs(points[:, axis]).max()
    others = [other for other in range(3) if other != axis]
    across, up = np.eye(3)[others[0]], np.eye(3)[others[1]]
    return end, across, up


def _mesh(capsule: Capsule) -> trimesh.Trimesh:
    length = float(np.linalg.norm(capsule.end - capsule.start))
    mesh = trimesh.creation.capsule(height=length, radius=capsule.radius_m, count=(8, 8))
    mesh.apply_transform(trimesh.geometry.align_vectors([0, 0, 1], (capsule.end - capsule.start) / length))
    mesh.apply_translation((capsule.start + capsule.end) / 2 - mesh.bounds.mean(axis=0))
    return mesh

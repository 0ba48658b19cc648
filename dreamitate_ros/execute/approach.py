"""The whole motion of both arms as segments of waypoints: in, down, along the tracks, up and back, all clear."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from dreamitate_ros.errors import Cancelled, DreamitateError, ErrorCode
from dreamitate_ros.execute.branches import JointPath
from dreamitate_ros.execute.collision import CollisionWorld, Touch
from dreamitate_ros.execute.ur5e import HOME_RAD
from dreamitate_ros.values import Array, Stop

STRAIGHT_POSES = 16
FREE_STEP_RAD = 0.04  # between collision checks of a free move
TRIED_PAIRS = 12

Joints = Mapping[str, Array]


@dataclass(frozen=True)
class Segment:
    """Waypoints of all arms at one phase each, from rest to rest: arm -> (N, 6) rad; `what` for messages."""

    what: str
    joints_rad: dict[str, Array]
    tracked: bool = False


def segments(
    world: CollisionWorld, candidates: Mapping[str, Sequence[JointPath]], start: Joints, stop: Stop
) -> list[Segment]:
    """The cheapest choice of postures without collision, as consecutive segments from `start` back to it.

    candidates: arm -> joint paths through approach line, tracked poses and retreat line, best first.
    Raises COLLISION (that of the best choice) naming the bodies and the distance, or Cancelled.
    """
    _require_clear_start(world, start)
    first: DreamitateError | None = None
    for choice in _choices(candidates):
        if stop():
            raise Cancelled("plan")
        try:
            return _one_choice(world, choice, start)
        except DreamitateError as error:
            first = first or error
    assert first is not None
    raise first


def _choices(candidates: Mapping[str, Sequence[JointPath]]) -> Iterator[dict[str, Array]]:
    """The cheapest combinations of the arms' candidates, cheapest first."""
    arms = list(candidates)
    grid = np.indices([len(candidates[arm]) for arm in arms]).reshape(len(arms), -1).T
    costs = [sum(candidates[a][i].cost for a, i in zip(arms, row, strict=True)) for row in grid]
    for index in np.argsort(costs)[:TRIED_PAIRS]:
        yield {a: candidates[a][i].joints_rad for a, i in zip(arms, grid[index], strict=True)}


def _one_choice(world: CollisionWorld, choice: Joints, start: Joints) -> list[Segment]:
    count = STRAIGHT_POSES
    parts = [
        Segment("the approach", {arm: path[:count] for arm, path in choice.items()}),
        Segment("the tracked path", {arm: path[count - 1 : 1 - count] for arm, path in choice.items()}, True),
        Segment("the retreat", {arm: path[-count:] for arm, path in choice.items()}),
    ]
    for part in parts:
        require_clear(world, part)
    before = {arm: path[0] for arm, path in choice.items()}
    after = {arm: path[-1] for arm, path in choice.items()}
    return [
        *_free(world, start, before, "the way to the object"),
        *parts,
        *_free(world, after, start, "the way back"),
    ]


def _free(world: CollisionWorld, start: Joints, end: Joints, what: str) -> list[Segment]:
    """Straight moves in joint space from start to end, by way of other postures where that would collide."""
    first: DreamitateError | None = None
    for via in _detours(start, end):
        stops = [start, *via, end]
        moves = [_straight(a, b, what) for a, b in pairwise(stops)]
        try:
            for move in moves:
                require_clear(world, move)
        except DreamitateError as error:
            first = first or error
            continue
        return moves
    assert first is not None
    raise first


def _detours(start: Joints, end: Joints) -> Iterator[list[Joints]]:
    home = {arm: HOME_RAD[arm] for arm in start}
    yield []
    for arm in start:  # one arm after the other
        yield [{**start, arm: end[arm]}]
    yield [home]
    for arm in start:
        yield [home, {**home, arm: end[arm]}]
        yield [{**start, arm: home[arm]}, home]


def _straight(start: Joints, end: Joints, what: str) -> Segment:
    far = max(float(np.abs(end[arm] - start[arm]).max()) for arm in start)
    count = max(4, int(np.ceil(far / FREE_STEP_RAD)) + 1)
    return Segment(what, {arm: np.linspace(start[arm], end[arm], count) for arm in start})


def require_clear(world: CollisionWorld, segment: Segment) -> None:
    """Raise COLLISION naming the worst touch of the segment's waypoints, and where along it."""
    count = len(next(iter(segment.joints_rad.values())))
    worst: Touch | None = None
    at = 0
    for index in range(count):
        touch = world.worst_touch({arm: joints[index] for arm, joints in segment.joints_rad.items()})
        if touch is not None and (worst is None or touch.breach_m > worst.breach_m):
            worst, at = touch, index
    if worst is not None:
        raise DreamitateError(
            ErrorCode.COLLISION, f"on {segment.what}, {100 * at / (count - 1):.0f} % along it, {worst}"
        )


def _require_clear_start(world: CollisionWorld, start: Joints) -> None:
    touch = world.worst_touch(start)
    if touch is not None:
        raise DreamitateError(
            ErrorCode.COLLISION, f"where the arms stand now, {touch}; move them apart with the pendant"
        )

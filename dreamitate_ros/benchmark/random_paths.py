"""Random paths of a flange, planned as a policy's are: does one come over a limit, does a refusal say too little?"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from dreamitate_ros.benchmark.cases_done import Outcome, cases_done
from dreamitate_ros.errors import DreamitateError
from dreamitate_ros.execute.approach import Segment
from dreamitate_ros.execute.branches import joint_paths
from dreamitate_ros.execute.kinematics import flange_pose
from dreamitate_ros.execute.timing import joint_limits, time_motion
from dreamitate_ros.execute.ur5e import HOME_RAD, POSITION_LIMIT_RAD
from dreamitate_ros.geometry import transform
from dreamitate_ros.values import Array

ARM = "left"
POSES, DURATION_S = 60, 2.0
SPEED_SCALES = (0.1, 0.25, 0.5, 1.0)
FARTHEST_M, FARTHEST_RAD = 0.3, 1.5  # a path's waves at their most violent, one standard deviation
LIMITS = ("position", "velocity", "acceleration", "jerk")


@dataclass(frozen=True)
class RandomPath:
    """The index-th of a seed."""

    seed: int
    index: int

    @property
    def key(self) -> str:
        """What names it in the results."""
        return f"{self.seed}/{self.index}"


def benchmark_paths(paths: int, seed: int, workers: int, output: Path) -> str:
    """The lines about `paths` random paths; those that `output` (a file of JSON lines) holds are not planned again."""
    return table(cases_done(output, [RandomPath(seed, index) for index in range(paths)], planned, workers))


def planned(path: RandomPath) -> Outcome:
    """The largest share of each limit that the motion comes to, or the words with which the path is refused."""
    random = np.random.default_rng([path.seed, path.index])
    scale = float(random.choice(SPEED_SCALES))
    clock_s = np.linspace(0.0, DURATION_S, POSES)
    try:
        best = joint_paths(ARM, random_poses(random), clock_s, HOME_RAD[ARM])[0]
        part = Segment("the tracked path", {ARM: best.joints_rad}, True)
        motion = time_motion([part], clock_s, scale, lambda: False)
    except DreamitateError as error:
        return {"key": path.key, "refused": error.code.name, "message": error.message}
    reached = motion.positions, motion.velocities, motion.accelerations, motion.jerks
    limits = POSITION_LIMIT_RAD, *joint_limits(scale)
    shares = [
        float((np.abs(values[ARM]) / limit).max()) for values, limit in zip(reached, limits, strict=True)
    ]
    return {"key": path.key, "refused": "", "shares": shares}


def random_poses(random: np.random.Generator) -> Array:
    """(POSES, 4, 4) base_from_tool0 from any posture on: waves of random size, some of them violent or out of reach."""
    start = flange_pose(random.uniform(-np.pi, np.pi, 6))
    violence = random.uniform(0.05, 1.0)
    waves = random.normal(0, violence, (3, 6)) * np.repeat([FARTHEST_M, FARTHEST_RAD], 3)
    phase = np.linspace(0, np.pi, POSES)[:, None]
    moved = sum(wave * (1 - np.cos((k + 1) * phase)) / 2 for k, wave in enumerate(waves))
    turns = (Rotation.from_rotvec(moved[:, 3:]) * Rotation.from_matrix(start[:3, :3])).as_matrix()
    return transform(turns, start[:3, 3] + moved[:, :3])


def table(outcomes: Sequence[Outcome]) -> str:
    """How many were planned, how near they came to each limit, and why the others were refused."""
    shares = np.array([outcome["shares"] for outcome in outcomes if not outcome["refused"]])
    lines = [f"random paths: {len(shares)} of {len(outcomes)} planned"]
    if len(shares):
        nearest = zip(LIMITS, shares.max(axis=0), strict=True)
        lines.append(
            "the nearest of them to a limit: " + ", ".join(f"{name} {share:.2%}" for name, share in nearest)
        )
        lines.append(f"over a limit: {int((shares.max(axis=1) > 1.0).sum())}")
    refused = {outcome["refused"]: outcome["message"] for outcome in reversed(outcomes) if outcome["refused"]}
    counts = Counter(outcome["refused"] for outcome in outcomes)
    lines += [
        f"refused: {counts[code]} {code}, for example {message}" for code, message in sorted(refused.items())
    ]
    return "\n".join(lines)

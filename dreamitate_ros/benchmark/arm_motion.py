"""How fast motions are planned, and how well the arms of the cell follow them."""

import time
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation

from dreamitate_ros.configuration import config_directory
from dreamitate_ros.errors import DreamitateError
from dreamitate_ros.execute.path_error import path_error
from dreamitate_ros.execute.plan import plan
from dreamitate_ros.execute.ur5e import HOME_RAD, joint_names
from dreamitate_ros.geometry import inverse, transform
from dreamitate_ros.rig import Rig, load_rig
from dreamitate_ros.simulate.cell import Cell
from dreamitate_ros.simulate.controller import JointGoal, TrajectoryController
from dreamitate_ros.simulate.tasks import simulated_task
from dreamitate_ros.task import Task, load_task
from dreamitate_ros.tool import Tool, load_tools
from dreamitate_ros.values import ArmTrajectory, Array, Progress, ToolTrack

TIMES, FPS, FIRST = 13, 6.0, 2
CYCLE_S = 0.005  # the cell's controllers' period
SCENE = 900_000
SPEED_SCALES = (0.25, 1.0)
ASIDE_M = 3.0  # out of reach
NOTHING, TABLE, OBJECT = "touching nothing", "rubbing the table", "pushing an object against the other tool"
"""What an arm did on its way, of which only the first is following: the arms of a scene stand a little off from
their calibration, so that a tool planned a millimetre over the table may touch it."""


@dataclass(frozen=True)
class Planned:
    """compute_s: to plan both arms; motion: arm -> trajectory, empty where refused, with the reason."""

    compute_s: float
    motion: dict[str, ArmTrajectory]
    refused: str = ""


@dataclass(frozen=True)
class Followed:
    """Worst and 95th percentile error of the tool along its path, over the motions of single arms."""

    motions: int
    worst_mm: float
    worst_deg: float
    p95_mm: float
    p95_deg: float


def benchmark_motion(scenes: int, follow: int, seed: int, progress: Progress) -> str:
    """The table: `scenes` random two-arm tasks planned, `follow` motions run in the cell."""
    rig, task, tools = _bench()
    plans = [plan_random(rig, task, tools, seed + index) for index in range(scenes)]
    progress(0.3, f"{scenes} scenes planned")
    lines = _planning_lines(plans)
    for scale in SPEED_SCALES:
        for what, followed in follow_random(
            rig, replace(task, speed_scale=scale), tools, seed, follow
        ).items():
            lines.append(
                f"followed at speed scale {scale:g} {what}: worst {followed.worst_mm:.2f} mm"
                f" {followed.worst_deg:.2f} deg, 95 % within {followed.p95_mm:.2f} mm {followed.p95_deg:.2f} deg"
                f" ({followed.motions} motions of an arm)"
            )
            progress(1.0, lines[-1])
    return "\n".join(lines)


def random_tracks(rig: Rig, random: np.random.Generator) -> list[ToolTrack]:
    """Two tools as if they pushed an object round between them, as uncertain as a tracker leaves them."""
    assert rig.world_from_top is not None
    middle = np.array([random.uniform(-0.10, 0.10), random.uniform(-0.10, 0.06), 0.0])
    yaw_rad, length_m = random.uniform(-0.4, 0.4), random.uniform(0.04, 0.14)
    tracks = []
    for arm, side in (("left", -1.0), ("right", 1.0)):
        along = Rotation.from_euler("z", yaw_rad).apply([0.0, side * length_m, 0.0])
        place = middle + Rotation.from_euler("z", yaw_rad).apply([side * random.uniform(0.11, 0.15), 0, 0])
        place[2] = random.uniform(0.055, 0.09)
        turn = Rotation.from_euler("ZY", [yaw_rad + (np.pi if side > 0 else 0), 0.2])
        done = np.clip((np.arange(TIMES) - FIRST) / (TIMES - 1 - FIRST), 0, 1)
        places = place + (done - 0.5)[:, None] * along + random.normal(0, 0.001, (TIMES, 3))
        turns = (Rotation.from_rotvec(random.normal(0, 0.01, (TIMES, 3))) * turn).as_matrix()
        poses: Array = inverse(rig.world_from_top) @ transform(turns, places)
        poses[:FIRST] = np.nan
        seen = np.arange(TIMES) >= FIRST
        sigma = np.tile(np.repeat([0.001, 0.01], 3), (TIMES, 1))
        tracks.append(
            ToolTrack(
                arm, np.arange(TIMES) / FPS, poses, np.where(seen, 0.9, 0.0), seen, np.ones((TIMES, 2)), sigma
            )
        )
    return tracks


def plan_random(rig: Rig, task: Task, tools: dict[str, Tool], seed: int) -> Planned:
    """One random two-arm task, from the photo posture and back."""
    tracks = random_tracks(rig, np.random.default_rng(seed))
    started_s = time.perf_counter()
    try:
        motion = plan(tracks, task, rig, tools, HOME_RAD, lambda *_: None, lambda: False)
    except DreamitateError as error:
        return Planned(time.perf_counter() - started_s, {}, f"{error.code.name}: {error.message}")
    return Planned(time.perf_counter() - started_s, motion)


def follow_random(
    rig: Rig, task: Task, tools: dict[str, Tool], seed: int, motions: int
) -> dict[str, Followed]:
    """What the arms did -> how well they followed. Random motions of both, run in the cell's physics by the cell's
    controllers, over the empty table and with an object on it."""
    errors: dict[str, list[tuple[Array, Array]]] = {NOTHING: [], TABLE: [], OBJECT: []}
    found = 0
    while found < motions:
        planned = plan_random(rig, task, tools, seed)
        seed += 1
        if planned.refused:
            continue
        found += 1
        for empty in (True, False):
            for arm, (times_s, positions, touched) in _run(planned.motion, rig, tools, empty).items():
                kind = OBJECT if touched - {"world"} else TABLE if touched else NOTHING
                errors[kind].append(path_error(planned.motion[arm], tools[arm], times_s, positions))
    return {kind: _followed(each) for kind, each in errors.items() if each}


def _followed(errors: list[tuple[Array, Array]]) -> Followed:
    mm, deg = (np.concatenate(each) for each in zip(*errors, strict=True))
    return Followed(
        len(errors), float(np.nanmax(mm)), float(np.nanmax(deg)),
        float(np.nanpercentile(mm, 95)), float(np.nanpercentile(deg, 95)),
    )  # fmt: skip


def _run(
    motion: dict[str, ArmTrajectory], rig: Rig, tools: dict[str, Tool], empty: bool
) -> dict[str, tuple[Array, Array, set[str]]]:
    """arm -> times (M,) s, measured joints (M, 6), and the bodies that it touched, in a fresh cell, as fast as this
    machine simulates. empty: with nothing on the table."""
    cell = Cell(simulated_task("rotate"), SCENE, rig, tools)
    if empty:
        cell.data.qpos[0] += ASIDE_M  # the object's joint is the first
    controllers = {arm: TrajectoryController(joint_names(arm), cell.joints(arm)[0]) for arm in motion}
    for arm, trajectory in motion.items():
        goal = JointGoal(
            trajectory.joint_names, trajectory.times_s, trajectory.positions, trajectory.velocities,
            trajectory.accelerations,
        )  # fmt: skip
        controllers[arm].accept(goal, 0.0, cell.joints(arm)[0])
    end_s = max(trajectory.times_s[-1] for trajectory in motion.values())
    times_s = np.asarray(CYCLE_S * np.arange(1, int(end_s / CYCLE_S)), np.float64)
    measured: dict[str, list[Array]] = {arm: [] for arm in motion}
    touched: dict[str, set[str]] = {arm: set() for arm in motion}
    for now_s in times_s:
        for arm, controller in controllers.items():
            cell.command(arm, *controller.update(now_s, CYCLE_S, 1.0, cell.joints(arm)[0]))
        cell.step(round(CYCLE_S / cell.timestep_s))
        for arm in motion:
            measured[arm].append(cell.joints(arm)[0])
            touched[arm] |= _touched(cell, arm)
    return {arm: (times_s, np.array(joints), touched[arm]) for arm, joints in measured.items()}


def _touched(cell: Cell, arm: str) -> set[str]:
    """The bodies that the arm or its tool touches now; `world` is the table."""
    pairs = [
        [cell.model.body(cell.model.geom_bodyid[geom]).name for geom in pair]
        for pair in cell.data.contact.geom
    ]
    own = f"{arm}_"
    return {
        other
        for first, second in pairs
        for mine, other in ((first, second), (second, first))
        if mine.startswith(own) and not other.startswith(own)
    }


def _bench() -> tuple[Rig, Task, dict[str, Tool]]:
    config = config_directory()
    task = load_task("rotate", config)
    tools = load_tools(task.arm_tools, config)
    return load_rig(config / "rigs" / "cell.yaml"), task, tools


def _planning_lines(plans: list[Planned]) -> list[str]:
    done = np.array([each.compute_s for each in plans if each.motion])
    refused = [each for each in plans if each.refused]
    lines = [f"planned: {len(done)} of {len(plans)} random two-arm tasks"]
    if len(done):
        lines.append(
            f"planning both arms: median {np.median(done):.2f} s, 95 % within {np.percentile(done, 95):.2f} s,"
            f" longest {done.max():.2f} s"
        )
    if refused:
        longest_s = max(each.compute_s for each in refused)
        lines.append(
            f"refused: {len(refused)}, the longest after {longest_s:.2f} s, for example {refused[0].refused}"
        )
    return lines

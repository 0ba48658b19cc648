"""The simulated cell: table, a task's things and the arms with their tools, moved by stiff servos as a UR's are."""

from collections.abc import Mapping

import mujoco
import numpy as np

from dreamitate_ros.execute.ur5e import EFFORT_LIMIT_NM, HOME_RAD, add_arm, joint_names
from dreamitate_ros.geometry import transform
from dreamitate_ros.rig import Rig
from dreamitate_ros.simulate.measure import Outcome
from dreamitate_ros.simulate.rendering import CameraRenderer
from dreamitate_ros.simulate.scene import Scene, empty_scene
from dreamitate_ros.simulate.simulated_task import SimulatedTask
from dreamitate_ros.simulate.stability import require_stable
from dreamitate_ros.simulate.variation import VIEWS, exposed, standing_rig, vary_surroundings
from dreamitate_ros.tool import Tool
from dreamitate_ros.values import Array, Image

STIFFNESS_NM_RAD = np.array([9000.0, 9000.0, 6000.0, 2500.0, 2500.0, 1500.0])
DAMPING_NM_S_RAD = np.array([500.0, 500.0, 250.0, 60.0, 60.0, 30.0])


class Cell:
    """Physics of one scene. Not thread-safe: whoever shares it holds a lock of their own.

    rig: as calibrated; the attribute `rig` is how it really stands, a little off. tools: arm name -> Tool; without
    any there are only the things on the table.
    """

    def __init__(self, task: SimulatedTask, seed: int, rig: Rig, tools: Mapping[str, Tool]) -> None:
        self.arms = tuple(tools)
        self._task, self._calibrated, self._tools = task, rig, tools
        self._renderer: CameraRenderer | None = None
        self.reset(seed)

    def reset(self, seed: int) -> None:
        """The scene of `seed`, arms at home and still. The model is a new one, the time starts at 0.

        Raises GENERATION_FAILED, as step() does, where physics becomes unstable.
        """
        self.close()
        self.rig = standing_rig(self._calibrated, seed)
        spec = empty_scene(self.rig, seed)
        vary_surroundings(spec, seed)
        spec.option.timestep = self._task.physics.timestep_s
        self._task.add_things(spec, seed)
        for arm in self.arms:
            add_arm(spec, arm, self.rig.world_from_base(arm), self._tools[arm])
            _add_servos(spec, arm)
        if self.arms:
            self._task.shape_tools(spec, self._tools)
        self.seed = seed
        self.model = spec.compile()
        self.data = mujoco.MjData(self.model)
        self._columns = {
            arm: np.array([self.model.joint(name).qposadr[0] for name in joint_names(arm)])
            for arm in self.arms
        }
        self._rows = {
            arm: np.array([self.model.joint(name).dofadr[0] for name in joint_names(arm)])
            for arm in self.arms
        }
        self._servos = {
            arm: np.array([self.model.actuator(name).id for name in joint_names(arm)]) for arm in self.arms
        }
        for arm in self.arms:
            self.data.qpos[self._columns[arm]] = HOME_RAD[arm]
            self.command(arm, HOME_RAD[arm])
        mujoco.mj_step(self.model, self.data, round(self._task.physics.settle_s / self.timestep_s))
        require_stable(self.data, seed)
        self.data.time = 0.0
        self._measure = self._task.measure(self.model, self.data, self.arms, seed)

    @property
    def time_s(self) -> float:
        """Simulated time since the reset."""
        return float(self.data.time)

    @property
    def timestep_s(self) -> float:
        """Simulated time of one step."""
        return float(self.model.opt.timestep)

    @property
    def outcome(self) -> Outcome:
        """What was done to the scene since the reset."""
        return self._measure.read(self.data)

    @property
    def scene(self) -> Scene:
        """The scene as it stands."""
        arms = [int(columns.min()) for columns in self._columns.values()]
        return Scene(self.seed, self.data.qpos[: min(arms, default=self.model.nq)].copy())

    def command(self, arm: str, positions_rad: Array, velocities_rad_s: Array | float = 0.0) -> None:
        """What the arm's servos are to follow from the next step on; (6,) each."""
        lead = (
            np.asarray(velocities_rad_s) * DAMPING_NM_S_RAD / STIFFNESS_NM_RAD
        )  # no lag behind a moving target
        self.data.ctrl[self._servos[arm]] = positions_rad + lead

    def step(self, steps: int = 1) -> None:
        """So many time steps of physics under one command; the measure looks once, at their end."""
        mujoco.mj_step(self.model, self.data, steps)
        require_stable(self.data, self.seed)
        self._measure.update(self.data)

    def joints(self, arm: str) -> tuple[Array, Array, Array]:
        """(6,) measured positions in rad, velocities in rad/s and efforts in Nm."""
        rows = self._rows[arm]
        return (
            self.data.qpos[self._columns[arm]].copy(),
            self.data.qvel[rows].copy(),
            self.data.qfrc_actuator[rows].copy(),
        )

    def world_from_tool(self, arm: str) -> Array:
        """(4, 4) where the arm's tool is."""
        body = self.data.body(f"{arm}_tool")
        return transform(body.xmat.reshape(3, 3).copy(), body.xpos.copy())

    def world_from_flange(self, arm: str) -> Array:
        """(4, 4) where the arm's tool0 is."""
        site = self.data.site(f"{arm}_tool0")
        return transform(site.xmat.reshape(3, 3).copy(), site.xpos.copy())

    def render(self, camera: str) -> Image:
        """(H, W, 3) uint8 RGB of `top` or `side` (1280x720), `top_model`, `side_model` or `overview`."""
        if self._renderer is None:
            self._renderer = CameraRenderer(self.model)
        mujoco.mj_forward(self.model, self.data)
        drawn = self._renderer.render(self.data, camera)
        return exposed(drawn, self.seed, camera) if camera in VIEWS else drawn

    def close(self) -> None:
        """Give the drawing memory back."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None


def place_for_drawing(model: mujoco.MjModel, data: mujoco.MjData, qpos: Array) -> None:
    """Put `data`, which nobody simulates, into the pose qpos (nq,), ready to draw."""
    data.qpos[:] = qpos
    mujoco.mj_kinematics(model, data)
    mujoco.mj_comPos(model, data)
    mujoco.mj_camlight(model, data)


def _add_servos(spec: mujoco.MjSpec, arm: str) -> None:
    """Position servos with a UR's torques; its controller cancels gravity, so here there is none on the arm."""
    for body in spec.bodies:
        if body.name.startswith(f"{arm}_"):
            body.gravcomp = 1.0
    for name, stiffness, damping, limit in zip(
        joint_names(arm), STIFFNESS_NM_RAD, DAMPING_NM_S_RAD, EFFORT_LIMIT_NM, strict=True
    ):
        servo = spec.add_actuator(
            name=name,
            target=name,
            trntype=mujoco.mjtTrn.mjTRN_JOINT,
            gaintype=mujoco.mjtGain.mjGAIN_FIXED,
            biastype=mujoco.mjtBias.mjBIAS_AFFINE,
            forcelimited=mujoco.mjtLimited.mjLIMITED_TRUE,
            forcerange=[-limit, limit],
        )
        servo.gainprm[0] = stiffness
        servo.biasprm[:3] = [0.0, -stiffness, -damping]

"""What is wrong with a cell's cameras and arms, judged from what was heard of them: `dreamitate doctor --hardware`."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from dreamitate_ros.capture.camera_check import require_same_camera
from dreamitate_ros.doctor import Check
from dreamitate_ros.errors import DreamitateError
from dreamitate_ros.execute.arm import ArmState
from dreamitate_ros.execute.kinematics import flange_pose
from dreamitate_ros.execute.safety import STALE_S, require_operational
from dreamitate_ros.geometry import angle_rad, inverse
from dreamitate_ros.rig import Rig
from dreamitate_ros.task import Task
from dreamitate_ros.values import Array, Camera

RATE_SHARE = 0.8  # of the images a camera should send
LEAST_JOINT_HZ = 25.0  # several within the age that stops a motion
FRAME_OFF_M, FRAME_OFF_DEG = 0.003, 0.3  # between the rig and the transforms
MODEL_OFF_M = 0.01  # a robot's own calibration moves its flange by some mm from the nominal model


@dataclass(frozen=True)
class CameraSeen:
    """One camera for some seconds. topic: its namespace. publishers: of its image_raw.

    stamps_s: (N,) of the images that arrived; ages_s: (N,) how old each was then. camera: of the whole image, None
    where camera_info is silent, with its distortion coefficients. world_from_camera: by the transforms, None: unknown.
    """

    topic: str
    publishers: int
    stamps_s: Array
    ages_s: Array
    camera: Camera | None = None
    distortion: Array | None = None
    world_from_camera: Array | None = None


@dataclass(frozen=True)
class ArmSeen:
    """One arm for some seconds. controller, status: names of its parts; status empty: mock hardware tells no modes.

    controller_state: as its controller manager says, None where that cannot be asked.
    state: None where no joint states came. joint_hz: how many a second; joint_gap_s: the longest time without one, as
    heard here. joints_heard: of all arms.
    world_from_base, base_from_tool0: by the transforms, None where unknown.
    """

    controller: str
    status: str
    controller_there: bool
    controller_state: str | None
    state: ArmState | None
    joint_hz: float
    joint_gap_s: float
    joints_heard: Sequence[str]
    world_from_base: Array | None
    base_from_tool0: Array | None


def check_rig(rig: Rig, path: str, task: Task, now: datetime) -> Check:
    """Fresh enough, and every arm of the task in it."""
    try:
        rig.require_fresh(task.max_calibration_age_days, now)
        for arm in task.arm_tools:
            rig.world_from_base(arm)
    except DreamitateError as error:
        return Check("rig", False, path, f"{error.message}: `dreamitate calibrate`")
    when = "" if rig.calibrated_at is None else f", of {rig.calibrated_at:%Y-%m-%d}"
    return Check("rig", True, f"{path} ({rig.method}{when})")


def camera_checks(view: str, seen: CameraSeen, rig: Rig, fps: float, max_age_s: float) -> list[Check]:
    """Its images, its camera_info, and its transform. fps: that it should send. max_age_s: when they arrive."""
    return [
        _images(view, seen, fps, max_age_s),
        _camera_info(view, seen, rig),
        _camera_frame(view, seen, rig),
    ]


def check_skew(top: CameraSeen, side: CameraSeen, max_skew_s: float) -> Check:
    """Each image of one camera has one of the other soon before or after."""
    name = "cameras together"
    if not len(top.stamps_s) or not len(side.stamps_s):
        return Check(name, False, "not both send images", "see above")
    nearest_s = np.abs(top.stamps_s[:, None] - side.stamps_s[None]).min(axis=1)
    inner = nearest_s[1:-1] if len(nearest_s) > 2 else nearest_s
    paired = float((inner <= max_skew_s).mean())
    found = (
        f"{1e3 * float(np.median(inner)):.0f} ms apart, {100 * paired:.0f} % within {1e3 * max_skew_s:.0f} ms"
    )
    fix = "give both the same rate, and both a USB 3 port of their own controller; the computer's clock must not jump"
    return Check(name, paired >= RATE_SHARE, found, "" if paired >= RATE_SHARE else fix)


def arm_checks(arm: str, seen: ArmSeen, rig: Rig, stale_s: float = STALE_S) -> list[Check]:
    """Its joints, its controller, its modes, and its transforms. stale_s: of trajectory_executor."""
    return [
        _joints(arm, seen, stale_s),
        _controller(arm, seen),
        _modes(arm, seen),
        _base(arm, seen, rig),
        _model(arm, seen),
    ]


def _images(view: str, seen: CameraSeen, fps: float, max_age_s: float) -> Check:
    name, topic = f"{view} camera", f"{seen.topic}/image_raw"
    if seen.publishers == 0:
        fix = f"start it: `ros2 launch dreamitate_ros cameras.launch.py`, or name its topics with --{view}-camera"
        return Check(name, False, f"nobody publishes {topic}", fix)
    if seen.publishers > 1:
        return Check(name, False, f"{seen.publishers} nodes publish {topic}", "end all but one of them")
    if len(seen.stamps_s) < 2:
        fix = "look at its driver's log; `rs-enumerate-devices` shows whether the computer sees the camera"
        return Check(name, False, f"{topic} is silent", fix)
    gaps_s = np.diff(seen.stamps_s)
    sent_hz = float(1 / np.median(gaps_s))
    lost = float(1 - len(gaps_s) * np.median(gaps_s) / (seen.stamps_s[-1] - seen.stamps_s[0]))
    age_s = float(np.median(seen.ages_s))
    found = (
        f"{topic}: {sent_hz:.1f} images a second, {100 * max(lost, 0):.0f} % lost, {1e3 * age_s:.0f} ms old"
    )
    if sent_hz < RATE_SHARE * fps:
        return Check(
            name, False, found, f"{fps:g} a second are expected: use USB 3, and no hub for two cameras"
        )
    if lost > 1 - RATE_SHARE:
        return Check(
            name, False, found, "`dreamitate doctor` (middleware, shared memory); is the computer busy?"
        )
    if abs(age_s) > max_age_s:
        fix = f"{max_age_s:g} s is the most: synchronise the clocks of all computers (chrony), and keep them idle"
        return Check(name, False, found, fix)
    return Check(name, True, found)


def _camera_info(view: str, seen: CameraSeen, rig: Rig) -> Check:
    name, topic = f"{view} camera_info", f"{seen.topic}/camera_info"
    if seen.camera is None:
        return Check(
            name, False, f"{topic} is silent", "the camera's driver must publish it beside the images"
        )
    found = f"{seen.camera.width}x{seen.camera.height} px, focal length {seen.camera.K[0, 0]:.0f} px"
    distortion = np.zeros(5) if seen.distortion is None else seen.distortion
    try:
        require_same_camera(view, seen.camera, distortion, rig.top if view == "top" else rig.side)
    except DreamitateError as error:
        return Check(name, False, found, error.message)
    return Check(name, True, f"{found}, as calibrated")


def _camera_frame(view: str, seen: CameraSeen, rig: Rig) -> Check:
    frame = f"{view}_color_optical_frame"
    if rig.world_from_top is None:
        return Check(f"{view} frame", False, "the rig knows no table", "calibrate it: `dreamitate calibrate`")
    rigs = rig.world_from_top if view == "top" else rig.world_from_top @ rig.top_from_side
    return _frame(f"{view} frame", frame, seen.world_from_camera, rigs)


def _joints(arm: str, seen: ArmSeen, stale_s: float) -> Check:
    name = f"{arm} joints"
    if seen.state is None:
        heard = f"; heard: {', '.join(sorted(seen.joints_heard)[:4])}, ..." if seen.joints_heard else ""
        fix = f"start its driver with tf_prefix {arm}_: `ros2 launch dreamitate_ros hardware.launch.py`"
        return Check(name, False, f"no joint states of {arm}_shoulder_pan_joint, ...{heard}", fix)
    found = f"{seen.joint_hz:.0f} joint states a second, at most {1e3 * seen.joint_gap_s:.0f} ms apart"
    if seen.joint_hz < LEAST_JOINT_HZ:
        fix = f"{LEAST_JOINT_HZ:.0f} are needed to watch it: is the network or the computer overloaded?"
        return Check(name, False, found, fix)
    if seen.joint_gap_s > stale_s:
        fix = (
            f"trajectory_executor stops the arms after {1e3 * stale_s:.0f} ms (stale_s) without: end what else runs"
            f" here (load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores), and look at the network to the robot"
        )
        return Check(name, False, found, fix)
    if not np.isfinite(seen.state.velocities).all():
        return Check(name, False, f"{found}, without velocities", "joint_state_broadcaster must publish them")
    return Check(name, True, found)


def _controller(arm: str, seen: ArmSeen) -> Check:
    name, action = f"{arm} controller", f"{seen.controller}/follow_joint_trajectory"
    manager = f"-c /{arm}/controller_manager"
    if not seen.controller_there:
        fix = f"`ros2 control list_controllers {manager}` must say active; if not, load it there"
        return Check(name, False, f"nobody serves {action}", fix)
    if seen.controller_state not in (None, "active"):
        short = seen.controller.rpartition("/")[2]
        fix = f"start the robot's program; or `ros2 control set_controller_state {manager} {short} active`"
        return Check(name, False, f"{seen.controller} is {seen.controller_state}", fix)
    return Check(name, True, f"{action}{'' if seen.controller_state is None else ', active'}")


def _modes(arm: str, seen: ArmSeen) -> Check:
    name, state = f"{arm} robot", seen.state
    if state is None:
        return Check(name, False, "nothing is known of it", "see above")
    silent = seen.status and None in (state.robot_mode, state.safety_mode, state.program_running)
    if silent:
        fix = f"activate {seen.status}; with mock hardware, which has no modes, add --mock-hardware"
        return Check(name, False, f"{seen.status} is silent", fix)
    if state.speed_scaling is None:
        return Check(name, False, "its speed scaling is silent", "activate speed_scaling_state_broadcaster")
    try:
        require_operational(arm, state, stale_s=np.inf)
    except DreamitateError as error:
        return Check(name, False, "not ready to move", error.message)
    modes = "running, safety normal, program running" if seen.status else "mock hardware"
    return Check(name, True, f"{modes}, speed {100 * state.speed_scaling:.0f} %")


def _base(arm: str, seen: ArmSeen, rig: Rig) -> Check:
    try:
        rigs = rig.world_from_base(arm)
    except DreamitateError as error:
        return Check(f"{arm} base", False, "not in the rig", error.message)
    return _frame(f"{arm} base", f"{arm}_base_link", seen.world_from_base, rigs)


def _model(arm: str, seen: ArmSeen) -> Check:
    """The driver's model and the planner's agree on where the flange is: same kind of arm, same joints."""
    name = f"{arm} model"
    if seen.base_from_tool0 is None or seen.state is None:
        fix = "robot_state_publisher must publish it, with the description of hardware.launch.py"
        return Check(name, False, f"no transform from {arm}_base_link to {arm}_tool0", fix)
    ours = flange_pose(seen.state.positions[None])[0]
    off_m = float(np.linalg.norm((inverse(ours) @ seen.base_from_tool0)[:3, 3]))
    found = f"{arm}_tool0 is {1e3 * off_m:.1f} mm from where the planner's model puts it"
    fix = "the planner knows the UR5e; is ur_type right, and are the arms not swapped?"
    return Check(name, off_m <= MODEL_OFF_M, found, "" if off_m <= MODEL_OFF_M else fix)


def _frame(name: str, frame: str, by_transforms: Array | None, by_rig: Array) -> Check:
    if by_transforms is None:
        return Check(
            name, False, f"no transform from world to {frame}", "start hardware.launch.py with rig:=FILE"
        )
    off = inverse(by_rig) @ by_transforms
    off_m, off_deg = float(np.linalg.norm(off[:3, 3])), float(np.rad2deg(angle_rad(off[None])[0]))
    found = f"world to {frame}: {1e3 * off_m:.1f} mm and {off_deg:.2f} deg from the rig's"
    ok = off_m <= FRAME_OFF_M and off_deg <= FRAME_OFF_DEG
    return Check(
        name, ok, found, "" if ok else "another rig is in use; start hardware.launch.py with rig:=FILE again"
    )

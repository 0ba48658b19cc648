"""Physics that blew up is an error, not a scene: MuJoCo itself would reset it and go on."""

import mujoco

from dreamitate_ros.errors import DreamitateError, ErrorCode

BLOWN_UP = (
    mujoco.mjtWarning.mjWARN_BADQPOS,
    mujoco.mjtWarning.mjWARN_BADQVEL,
    mujoco.mjtWarning.mjWARN_BADQACC,
)

mujoco.set_mju_user_warning(lambda text: None)  # else MuJoCo writes MUJOCO_LOG.TXT wherever one stands


def require_stable(data: mujoco.MjData, seed: int) -> None:
    """Raise GENERATION_FAILED when the simulation of `data` has blown up since its last reset."""
    if any(data.warning[int(kind)].number for kind in BLOWN_UP):
        raise DreamitateError(
            ErrorCode.GENERATION_FAILED,
            f"the simulation of scene {seed} became unstable at {data.time:.3f} s; the task needs a smaller time step",
        )

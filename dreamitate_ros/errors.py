"""The one error a user sees, and its codes: a block of 100 per stage, the same in every action."""

from enum import IntEnum


class ErrorCode(IntEnum):
    """What went wrong, by stage. The numbers are part of the ROS interface (see the .action files)."""

    NONE = 0
    # policy and configuration
    UNKNOWN = 100
    BUSY = 101
    CANCELLED = 102
    INVALID_PARAMETER = 103
    UNKNOWN_TASK = 104
    UNKNOWN_TOOL = 105
    NOT_APPROVED = 106
    STAGE_UNAVAILABLE = 107
    INVALID_RIG = 108
    INVALID_TOOL = 109
    STALE_CALIBRATION = 110
    DREAMS_REFUSED = 111
    # capture
    NO_IMAGES = 200
    IMAGES_SKEWED = 201
    IMAGES_STALE = 202
    CAMERA_MISMATCH = 203
    UNREADABLE_IMAGE = 204
    EXPOSURE_UNSETTLED = 205
    SCENE_MOVES = 206
    # generate
    UNKNOWN_GENERATOR = 300
    UNREADABLE_VIDEO = 301
    WRONG_CLIP_LENGTH = 302
    WRONG_CLIP_SIZE = 303
    GENERATION_FAILED = 304
    OUT_OF_MEMORY = 305
    # track
    TRACKING_LOST = 400
    LOW_CONFIDENCE = 401
    IMPLAUSIBLE = 402
    # execute
    UNREACHABLE = 500
    JOINT_LIMIT = 501
    SPEED_LIMIT = 502
    COLLISION = 503
    OUTSIDE_WORKSPACE = 504
    ROBOT_NOT_READY = 505
    CONTROLLER_REJECTED = 506
    PATH_DEVIATION = 507
    PROTECTIVE_STOP = 508
    DRIVER_LOST = 509


class DreamitateError(Exception):
    """One clear sentence for the user: what is wrong, what was expected, what to do; with its code."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Cancelled(DreamitateError):
    """The user cancelled; raised at the next check inside a long operation."""

    def __init__(self, what: str = "goal") -> None:
        super().__init__(ErrorCode.CANCELLED, f"{what} cancelled")

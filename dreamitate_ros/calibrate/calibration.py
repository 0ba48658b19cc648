"""From a recording to a rig: find the board, check, solve, check again, and write the rig file."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from dreamitate_ros.calibrate import checks
from dreamitate_ros.calibrate.intrinsics import focal_change
from dreamitate_ros.calibrate.recording import TABLE, VIEWS, Recording
from dreamitate_ros.calibrate.sighting import find_board
from dreamitate_ros.calibrate.solve import Seen, Solution, solve
from dreamitate_ros.calibrate.table import world_from_top
from dreamitate_ros.capture.framing import crop_camera
from dreamitate_ros.capture.photos import read_photo
from dreamitate_ros.errors import Cancelled, DreamitateError, ErrorCode
from dreamitate_ros.rig import Rig
from dreamitate_ros.values import Array, Progress, Stop
from dreamitate_ros.whole_file import write_whole

NOTABLE_FOCAL_CHANGE = 0.005


@dataclass(frozen=True)
class Calibration:
    """A recording explained. world_from_top: (4, 4). left_out: why photos were not used. focal_change: view -> how
    far the focal length these photos suggest is from the camera's K, relative."""

    recording: Recording
    seen: list[Seen]
    solution: Solution
    world_from_top: Array
    left_out: list[str]
    focal_change: dict[str, float]

    def rig(self, width: int, height: int) -> Rig:
        """The rig for images cropped and resized to width x height."""
        return Rig(
            top=crop_camera(self.recording.cameras["top"], width, height),
            side=crop_camera(self.recording.cameras["side"], width, height),
            top_from_side=self.solution.top_from_side,
            base_from_top=self.solution.base_from_top,
            world_from_top=self.world_from_top,
            calibrated_at=self.recording.recorded_at,
            method="charuco",
        )


def calibrate(recording: Recording, progress: Progress, stop: Stop) -> Calibration:
    """Raises INVALID_RIG with the reason and what to add when no trustworthy rig comes out; Cancelled."""
    seen, left_out = _look(recording, progress, stop)
    checks.require_enough(seen, recording.cameras, left_out)
    changes = {view: focal_change(view, seen, recording.board, recording.cameras[view]) for view in VIEWS}
    for view, change in changes.items():
        checks.require_focal(view, change)
    progress(0.8, "solving")
    solution = solve(seen, recording.board, recording.cameras)
    checks.require_good(solution, seen, recording.board)
    on_table = [
        pose for one, pose in zip(seen, solution.top_from_board, strict=True) if one.pose.held_by == TABLE
    ]
    world = world_from_top(on_table, solution.top_from_side, recording.board)
    progress(1.0, "done")
    return Calibration(recording, seen, solution, world, left_out, changes)


def _look(recording: Recording, progress: Progress, stop: Stop) -> tuple[list[Seen], list[str]]:
    """The poses that any camera saw the board in, and why the other photos are of no use."""
    seen, left_out = [], []
    for index, pose in enumerate(recording.poses):
        if stop():
            raise Cancelled("calibration")
        progress(0.8 * index / len(recording.poses), f"pose {index}")
        sightings = {}
        for view, path in pose.photos.items():
            photo, camera = read_photo(path), recording.cameras[view]
            if photo.shape[:2] != (camera.height, camera.width):
                raise DreamitateError(
                    ErrorCode.CAMERA_MISMATCH,
                    f"{path} measures {photo.shape[1]}x{photo.shape[0]}; the recording says"
                    f" {camera.width}x{camera.height}",
                )
            try:
                sighting = find_board(photo, recording.board, path.name)
            except DreamitateError as error:
                left_out.append(error.message)
                continue
            if sighting is None:
                left_out.append(f"{path.name} does not show the board, or it is far too blurred")
            else:
                sightings[view] = sighting
        if sightings:
            seen.append(Seen(pose, sightings))
    return seen, left_out


def write_rig(path: Path, calibration: Calibration, width: int, height: int) -> None:
    """Write the rig file that load_rig() reads, with what is known about its errors."""
    rig, solution = calibration.rig(width, height), calibration.solution
    content = {
        "width": width,
        "height": height,
        "method": rig.method,
        "calibrated_at": calibration.recording.recorded_at.isoformat(),
        "top": {"K": rig.top.K.tolist()},
        "side": {"K": rig.side.K.tolist()},
        "top_from_side": rig.top_from_side.tolist(),
        "world_from_top": calibration.world_from_top.tolist(),
        "base_from_top": {arm: pose.tolist() for arm, pose in rig.base_from_top.items()},
        "calibration": {
            "board": str(calibration.recording.board),
            "poses": len(calibration.seen),
            "photos_left_out": len(calibration.left_out),
            "reprojection_rms_px": round(solution.rms_px, 3),
            "uncertainty": {
                name: {"mm": round(mm, 3), "deg": round(deg, 4)}
                for name, (mm, deg) in solution.uncertainty.items()
            },
        },
    }
    write_whole(path, yaml.safe_dump(content, sort_keys=False))


def report(calibration: Calibration) -> list[str]:
    """What a person should know, a line each."""
    solution = calibration.solution
    lines = [f"left out: {reason}" for reason in calibration.left_out]
    lines.append(f"{len(calibration.seen)} poses, reprojection error {solution.rms_px:.2f} px")
    for name, (mm, deg) in solution.uncertainty.items():
        what = name if name == "top_from_side" else f"base_from_top of the {name} arm"
        lines.append(f"{what}: known to {mm:.2f} mm and {deg:.3f} deg (one standard deviation)")
    distance_m = float(np.linalg.norm(solution.top_from_side[:3, 3]))
    height_m = float(calibration.world_from_top[2, 3])
    lines.append(f"the cameras are {distance_m:.3f} m apart, the top camera {height_m:.3f} m above the table")
    for view in VIEWS:
        cells = checks.covered(view, calibration.seen, calibration.recording.cameras[view])
        if not cells.all():
            lines.append(f"better still: {checks.next_place(view, cells)}")
        if abs(calibration.focal_change[view]) > NOTABLE_FOCAL_CHANGE:
            lines.append(
                f"WARNING: these photos suggest a focal length of the {view} camera that differs by"
                f" {100 * calibration.focal_change[view]:.1f} % from its K; check its intrinsics"
            )
    return lines

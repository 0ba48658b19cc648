"""A calibration recorded pose by pose: each is looked at as it is taken, and the next one is suggested."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml

from dreamitate_ros.calibrate import checks
from dreamitate_ros.calibrate.board import Board
from dreamitate_ros.calibrate.calibration import Calibration, calibrate
from dreamitate_ros.calibrate.hand_eye import reprojection_px
from dreamitate_ros.calibrate.recording import ARMS, FILE, VIEWS, Pose, read_recording
from dreamitate_ros.calibrate.sighting import Sighting, find_board
from dreamitate_ros.calibrate.solve import Seen
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.values import Array, Camera, Image, StereoImage
from dreamitate_ros.whole_file import write_whole

SEEN_BGR, EMPTY_BGR = (80, 220, 80), (60, 60, 230)


class GuidedCalibration:
    """A folder that `dreamitate calibrate --recording` reads, complete after every pose; begun anew or gone on with.

    cameras: view -> the camera of its whole photos.
    """

    def __init__(self, folder: Path, board: Board, cameras: dict[str, Camera]) -> None:
        self.folder, self.board, self.cameras = folder, board, cameras
        folder.mkdir(parents=True, exist_ok=True)
        self._entries: list[dict[str, Any]] = []
        self._seen: list[Seen] = []
        if (folder / FILE).is_file():
            self._go_on()

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, photos: StereoImage, held_by: str, base_from_flange: Array | None) -> str:
        """Take one pose; returns what was seen, with the reprojection error of each photo, and what to do next.

        base_from_flange: (4, 4), needed where an arm holds the board. Raises INVALID_RIG where no view shows it well:
        then nothing is kept.
        """
        if held_by in ARMS and base_from_flange is None:
            raise DreamitateError(
                ErrorCode.ROBOT_NOT_READY,
                f"where the {held_by} arm's flange is is not known; is its driver running?",
            )
        sightings, reasons = self._look(photos)
        if not sightings:
            raise DreamitateError(ErrorCode.INVALID_RIG, "not taken: " + "; ".join(reasons))
        index = 1 + max((int(entry["number"]) for entry in self._entries), default=-1)
        entry: dict[str, Any] = {"number": index, "held_by": held_by}
        if base_from_flange is not None:
            entry["base_from_flange"] = np.asarray(base_from_flange).tolist()
        for view in sightings:
            entry[view] = f"{index:02d}_{view}.png"
            _write_photo(self.folder / entry[view], getattr(photos, view))
        self._entries.append(entry)
        self._seen.append(Seen(self._pose(entry), sightings))
        self._write()
        seen = [
            f"{view} ({reprojection_px(sighting, self.board, self.cameras[view]):.2f} px)"
            for view, sighting in sightings.items()
        ]
        return f"pose {index} taken, seen by {' and '.join(seen)}. {self.next_step()}"

    def remove_last(self) -> str:
        """Forget the last pose; returns what to do next. Raises INVALID_PARAMETER when there is none."""
        if not self._entries:
            raise DreamitateError(ErrorCode.INVALID_PARAMETER, "there is no pose to remove")
        entry = self._entries.pop()
        self._seen.pop()
        self._write()
        return f"pose {entry['number']} removed. {self.next_step()}"

    def next_step(self) -> str:
        """Which pose to add, or that it is enough."""
        try:
            checks.require_enough(self._seen, self.cameras, [])
        except DreamitateError as missing:
            return f"{len(self)} poses so far: {missing.message}"
        missing_cells = [
            checks.next_place(view, cells)
            for view in VIEWS
            if not (cells := checks.covered(view, self._seen, self.cameras[view])).all()
        ]
        better = f" Better still: {missing_cells[0]}." if missing_cells else ""
        return f"{len(self)} poses: enough to solve.{better}"

    def solve(self) -> Calibration:
        """The rig of all poses so far; raises INVALID_RIG with the reason and what to add."""
        if not self._entries:
            raise DreamitateError(ErrorCode.INVALID_RIG, self.next_step())
        return calibrate(read_recording(self.folder), lambda *_: None, lambda: False)

    def overlay(self, photo: Image, view: str) -> Image:
        """The live photo with the board's corners, and the parts of the picture where it was not seen yet."""
        picture = np.ascontiguousarray(photo[..., ::-1])
        cells = checks.covered(view, self._seen, self.cameras[view])
        height, width = picture.shape[0] / cells.shape[0], picture.shape[1] / cells.shape[1]
        for row, column in zip(*np.nonzero(~cells), strict=True):
            corner = (int(column * width) + 4, int(row * height) + 4)
            end = (int((column + 1) * width) - 4, int((row + 1) * height) - 4)
            cv2.rectangle(picture, corner, end, EMPTY_BGR, 2)
        try:
            sighting = find_board(photo, self.board, "this photo")
        except DreamitateError as reason:
            _write_line(picture, reason.message, EMPTY_BGR)
            return np.ascontiguousarray(picture[..., ::-1])
        for x, y in [] if sighting is None else sighting.corners_px:
            cv2.circle(picture, (round(float(x)), round(float(y))), 6, SEEN_BGR, 2, cv2.LINE_AA)
        _write_line(picture, "no board" if sighting is None else f"{len(sighting.ids)} corners", SEEN_BGR)
        return np.ascontiguousarray(picture[..., ::-1])

    def _look(self, photos: StereoImage) -> tuple[dict[str, Sighting], list[str]]:
        sightings, reasons = {}, []
        for view in VIEWS:
            try:
                sighting = find_board(getattr(photos, view), self.board, f"the {view} photo")
            except DreamitateError as error:
                reasons.append(error.message)
                continue
            if sighting is None:
                reasons.append(f"the {view} photo does not show the board")
            else:
                sightings[view] = sighting
        return sightings, reasons

    def _go_on(self) -> None:
        recording = read_recording(self.folder)
        if asdict(recording.board) != asdict(self.board):
            raise DreamitateError(
                ErrorCode.INVALID_PARAMETER,
                f"{self.folder} was begun with another board ({recording.board}); name another folder",
            )
        self._entries = yaml.safe_load((self.folder / FILE).read_text())["poses"]
        for entry, pose in zip(self._entries, recording.poses, strict=True):
            photos = {view: _read_photo(path) for view, path in pose.photos.items()}
            found = {view: find_board(photo, self.board, view) for view, photo in photos.items()}
            self._seen.append(Seen(pose, {view: each for view, each in found.items() if each is not None}))
            entry.setdefault("number", len(self._seen) - 1)

    def _pose(self, entry: dict[str, Any]) -> Pose:
        flange = entry.get("base_from_flange")
        photos = {view: self.folder / entry[view] for view in VIEWS if view in entry}
        return Pose(entry["held_by"], photos, None if flange is None else np.array(flange))

    def _write(self) -> None:
        content = {
            "recorded_at": datetime.now(UTC).isoformat(),
            "board": asdict(self.board),
            "width": self.cameras["top"].width,
            "height": self.cameras["top"].height,
            **{view: {"K": camera.K.tolist()} for view, camera in self.cameras.items()},
            "poses": self._entries,
        }
        write_whole(self.folder / FILE, yaml.safe_dump(content, sort_keys=False))


def _write_photo(path: Path, photo: Image) -> None:
    cv2.imwrite(str(path), photo[..., ::-1])


def _read_photo(path: Path) -> Image:
    return np.ascontiguousarray(np.asarray(cv2.imread(str(path)), np.uint8)[..., ::-1])


def _write_line(picture: np.ndarray, text: str, colour: tuple[int, int, int]) -> None:
    cv2.putText(picture, text[:110], (12, 32), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (0, 0, 0), 4, cv2.LINE_AA)
    cv2.putText(picture, text[:110], (12, 32), cv2.FONT_HERSHEY_SIMPLEX, 0.7, colour, 2, cv2.LINE_AA)

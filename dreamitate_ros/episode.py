"""One run's folder: everything it saw, imagined, tracked, planned and did, written as it happens.

Each value is on disk when its method returns, so a crash loses nothing recorded before it. Recording never
stops a run: what cannot be written is named in the events and in the log. The folder of DESIGN.md:

    top.png side.png   the photos, as the model sees them     imagined.mp4 overlay.mp4   top | side
    tracks.json        the tools' paths                       planned.npz executed.npz execution.mp4
    dreams/01/ ...     every imagined video with its overlay, tracks, plan and verdict.json; those of the chosen
                       one (where none was: of the last) stand above as well
    events.jsonl       what happened when                     parameters.yaml rig.yaml
    result.json        the outcome                            report.html   all of it, to read
"""

import json
import logging
import re
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

import cv2
import yaml

from dreamitate_ros import episode_files as files
from dreamitate_ros.dreams.choose import Dream
from dreamitate_ros.dreams.record import DreamRecord
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.execute.remedy import path_changes
from dreamitate_ros.generate.video_file import write_frames
from dreamitate_ros.values import Execution, Image, StereoImage

DEFAULT_ROOT = Path("episodes")
"""Under the current directory."""

PACKAGES = (
    "dreamitate_ros",
    "numpy",
    "scipy",
    "opencv-python-headless",
    "av",
    "mujoco",
    "toppra",
    "ros-rclpy",
)

log = logging.getLogger(__name__)


class Episode:
    """folder: absolute path of this run's folder. Use create(); methods may be called from any thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._started_s = time.monotonic()
        self._lock = threading.Lock()
        self._report: threading.Thread | None = None
        self._shows_choice = False

    @classmethod
    def create(cls, root: Path, task: str, parameters: Mapping[str, Any]) -> "Episode":
        """A new folder root/UTC-TIME_TASK with parameters.yaml, and rig.yaml when parameters name a "rig".

        Raises INVALID_PARAMETER when no folder can be made under root.
        """
        episode = cls(_new_folder(root, task))
        content = {"task": task, **parameters, "versions": _versions()}
        episode._record(
            files.PARAMETERS,
            lambda path: path.write_text(yaml.safe_dump(files.plain(content), sort_keys=False)),
        )
        rig = Path(str(parameters.get("rig") or ""))
        if rig.is_file():
            episode._record(files.RIG, lambda path: shutil.copyfile(rig, path))
        episode.event("created", task=task)
        return episode

    def event(self, name: str, **facts: Any) -> None:
        """Append an event, on disk at once: UTC time, seconds since create(), its name and `facts`.

        Timing reads four names: "started", "finished" and "failed" with stage=STAGE (the latter two also with
        compute_s=, the stage's own work), and "motion_started".
        """
        entry = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "elapsed_s": round(time.monotonic() - self._started_s, 3),
            "event": name,
        }
        line = json.dumps(files.plain(entry | facts), ensure_ascii=False)
        try:
            with self._lock, (self.folder / files.EVENTS).open("a", encoding="utf-8") as stream:
                stream.write(line + "\n")
        except OSError as error:
            log.error("episode %s: the event '%s' could not be written: %s", self.folder, name, error)

    def save_photos(self, photos: StereoImage) -> None:
        """top.png and side.png."""
        self._record(files.TOP, lambda path: _write_image(path, photos.top))
        self._record(files.SIDE, lambda path: _write_image(path, photos.side))

    def dream(self, number: int) -> DreamRecord:
        """Where a dream is recorded; number: from 1."""
        return DreamRecord(f"{files.DREAMS}/{number:02d}", self._record)

    def judged(self, dream: Dream[Any]) -> None:
        """The dream's verdict.json, and the event "judged"."""
        self.dream(dream.number).save_verdict(dream)
        verdict, refusal = dream.verdict, dream.verdict.refusal
        words = "" if refusal is None else refusal.code.name
        self.event("judged", dream=dream.number, seed=dream.seed, score=verdict.score, refusal=words)

    def chosen(self, dream: Dream[Any]) -> None:
        """The event "chosen": this dream will be acted out. Another one where its paths are not as tracked."""
        self.event("chosen", dream=dream.number, mean_of=dream.mean_of)
        if changes := path_changes(trajectory.path for trajectory in dream.trajectories.values()):
            self.event("path_changed", changes=changes)

    def show_dream(self, number: int) -> None:
        """Put the chosen dream's files next to the photos too."""
        self._shows_choice = True
        self._show(self.folder / files.DREAMS / f"{number:02d}")

    def save_execution(self, execution: Execution) -> None:
        """executed.npz, also of a motion that was stopped on the way."""
        self._record(files.EXECUTED, lambda path: files.write_execution(path, execution))

    def save_execution_video(self, frames: Image, fps: float) -> None:
        """execution.mp4 of frames (N, H, W, 3) uint8 RGB."""
        self._record(files.EXECUTION_VIDEO, lambda path: write_frames(path, frames, fps, crf=23))

    def finish(
        self, error: DreamitateError | None, before_report: Callable[[], object] = lambda: None
    ) -> None:
        """Write result.json; report.html follows in its own thread (see wait_for_report). Never raises.

        before_report: waits for what other threads still write.
        """
        code = ErrorCode.NONE if error is None else error.code
        result = {
            "success": error is None,
            "error_code": int(code),
            "error": code.name,
            "message": "" if error is None else error.message,
            "duration_s": round(time.monotonic() - self._started_s, 3),
        }
        self.event("ended", **result)
        self._record(files.RESULT, lambda path: path.write_text(json.dumps(result, indent=2) + "\n"))
        self._report = threading.Thread(target=self._write_report, args=(before_report,), name="report")
        self._report.start()

    def wait_for_report(self, timeout_s: float | None = None) -> None:
        """Return when report.html is written, or could not be; at once before finish()."""
        if self._report is not None:
            self._report.join(timeout_s)

    def _write_report(self, before_report: Callable[[], object]) -> None:
        def write(path: Path) -> None:
            from dreamitate_ros.report import write_report

            before_report()
            if not self._shows_choice:
                for folder in files.dream_folders(self.folder)[-1:]:
                    self._show(folder)
            write_report(self.folder)

        self._record(files.REPORT, write)

    def _show(self, dream: Path) -> None:
        for name in (files.IMAGINED, files.OVERLAY, files.TRACKS, files.PLANNED):
            if (dream / name).is_file():
                self._record(name, partial(shutil.copyfile, dream / name))

    def _record(self, name: str, write: Callable[[Path], Any]) -> None:
        try:
            write(self.folder / name)
        except Exception as error:  # a full disk must not stop a robot in mid-motion
            reason = f"{type(error).__name__}: {error}"
            log.error("episode %s: %s could not be written: %s", self.folder, name, reason)
            self.event("not_recorded", file=name, reason=reason)


def _new_folder(root: Path, task: str) -> Path:
    stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H-%M-%SZ")
    name = f"{stamp}_{re.sub(r'[^A-Za-z0-9_-]+', '-', task)[:40] or 'task'}"
    for attempt in range(1, 1000):
        folder = root.absolute() / (name if attempt == 1 else f"{name}_{attempt}")
        try:
            folder.mkdir(parents=True)
            return folder
        except FileExistsError:
            if not folder.parent.is_dir():
                break
        except OSError as error:
            raise _no_folder(root, str(error)) from None
    raise _no_folder(root, "it is not a folder, or is full")


def _no_folder(root: Path, reason: str) -> DreamitateError:
    return DreamitateError(
        ErrorCode.INVALID_PARAMETER,
        f"no episode folder can be made under {root} ({reason}); name a folder you may write to",
    )


def _write_image(path: Path, image: Image) -> None:
    if not cv2.imwrite(str(path), cv2.cvtColor(image, cv2.COLOR_RGB2BGR)):
        raise OSError("the image could not be encoded or written")


def _versions() -> dict[str, str]:
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions

"""All takes of a task in one folder, in the training layout; whatever ends a recording, it is gone on with.

demonstrations.txt        a line for each good take: top/000007.mp4|||caption; the side video is side/000007.mp4
top/ side/                the videos as the cameras gave them
takes/000007.json         what is known about a take, why it was rejected; written last
unfinished/               takes that are being recorded, or were when the process ended
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dreamitate_ros.episode_files import plain
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.generate.diffusion.train.demonstrations import SEPARATOR
from dreamitate_ros.record.screening import screen
from dreamitate_ros.record.take_writer import (
    VIEWS,
    TakeWriter,
    Unfinished,
    read_unfinished,
    remux,
    unfinished_numbers,
)
from dreamitate_ros.whole_file import whole, write_whole

LIST = "demonstrations.txt"


@dataclass(frozen=True)
class Take:
    """number; caption; facts: from the screening and the tracking check; reasons: why it is rejected, empty: good."""

    number: int
    caption: str
    facts: dict[str, Any]
    reasons: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Whether it is in the list."""
        return not self.reasons


class TakeLibrary:
    """folder: of all of it. clip_s: what a training clip of the task shows. max_skew_s: allowed between the cameras."""

    def __init__(self, folder: Path, clip_s: float, max_skew_s: float) -> None:
        self.folder, self._clip_s, self._max_skew_s = folder, clip_s, max_skew_s
        try:
            for name in (*VIEWS, "takes", "unfinished"):
                (folder / name).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DreamitateError(ErrorCode.INVALID_PARAMETER, f"cannot write to {folder}: {error}") from None

    def takes(self) -> list[Take]:
        """All finished takes, good or not, in order."""
        contents = [
            json.loads(path.read_text()) for path in sorted((self.folder / "takes").glob("[0-9]*.json"))
        ]
        return [Take(c["number"], c["caption"], c["facts"], tuple(c["reasons"])) for c in contents]

    def begin(self, caption: str, task: str, fps: float) -> TakeWriter:
        """The writer of the next take; raises INVALID_PARAMETER without a caption, which is what the model is told."""
        if not caption.strip() or SEPARATOR in caption or "\n" in caption:
            raise DreamitateError(
                ErrorCode.INVALID_PARAMETER,
                f"the caption must be one line that says what is done, without '{SEPARATOR}'; found {caption!r}",
            )
        numbers = [take.number for take in self.takes()] + unfinished_numbers(self._unfinished)
        number = 1 + max(numbers, default=0)
        return TakeWriter(self._unfinished, number, {"caption": caption.strip(), "task": task}, fps)

    def finish(self, left: Unfinished, recovered: bool = False) -> Take:
        """Judge a recording and keep it; a rejected one keeps its videos too, but is in no list."""
        screening = screen(left.stamps_s, self._clip_s, self._max_skew_s)
        facts = {**left.facts, **asdict(screening), "recovered": recovered}
        caption, reasons = str(facts.pop("caption", "")), facts.pop("reasons")
        if screening.frames >= 3:
            counts = [self._keep_video(left, view, screening.fps) for view in VIEWS]
            if len(set(counts)) > 1 or counts[0] < screening.frames:
                reasons = (
                    *reasons,
                    f"its videos hold {counts[0]} and {counts[1]} of {screening.frames} frames",
                )
        if not caption:
            reasons = (*reasons, "its caption was lost")
        take = self._write(Take(left.number, caption, facts, tuple(reasons)))
        left.remove()
        return take

    def judge(self, number: int, reasons: tuple[str, ...], facts: dict[str, Any]) -> Take:
        """Add what a later look at a take found; reasons reject it."""
        take = next(take for take in self.takes() if take.number == number)
        return self._write(Take(number, take.caption, {**take.facts, **facts}, (*take.reasons, *reasons)))

    def recover(self) -> list[Take]:
        """Finish what was being recorded when a process ended."""
        return [
            self.finish(read_unfinished(self._unfinished, number), recovered=True)
            for number in unfinished_numbers(self._unfinished)
        ]

    def video(self, view: str, number: int) -> Path:
        """A finished take's video."""
        return self.folder / view / f"{number:06d}.mp4"

    def summary(self) -> str:
        """How many good takes there are, by caption, and why others are not."""
        takes = self.takes()
        good = [take for take in takes if take.good]
        lines = [f"{len(good)} good takes of {len(takes)} in {self.folder / LIST}"]
        for caption in sorted({take.caption for take in good}):
            lines.append(f"{sum(take.caption == caption for take in good):5d}  {caption}")
        lines += [
            f"take {take.number} is rejected: {'; '.join(take.reasons)}" for take in takes if not take.good
        ]
        return "\n".join(lines)

    @property
    def _unfinished(self) -> Path:
        return self.folder / "unfinished"

    def _keep_video(self, left: Unfinished, view: str, fps: float) -> int:
        """How many frames the view's video has."""
        if not left.video(view).is_file() or left.video(view).stat().st_size == 0:
            return 0
        with whole(self.video(view, left.number)) as part:
            return remux(left.video(view), part, len(left.stamps_s), fps)

    def _write(self, take: Take) -> Take:
        path = self.folder / "takes" / f"{take.number:06d}.json"
        write_whole(path, json.dumps(plain(asdict(take)), indent=1) + "\n")
        lines = [
            f"top/{each.number:06d}.mp4{SEPARATOR}{each.caption}\n" for each in self.takes() if each.good
        ]
        write_whole(self.folder / LIST, "".join(lines))
        return take

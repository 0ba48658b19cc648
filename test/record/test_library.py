"""Takes on disk: judged, listed for training, and never lost, whatever ends the process."""

import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from dreamitate_ros.errors import DreamitateError
from dreamitate_ros.generate.diffusion.train.demonstrations import list_demonstrations, read_clip
from dreamitate_ros.generate.video_file import read_frames
from dreamitate_ros.record.library import LIST, TakeLibrary
from dreamitate_ros.record.pair_stream import PairStream

FPS, CLIP_S, SKEW_S = 30.0, 2.0, 0.05
HEIGHT, WIDTH = 96, 160


def picture(index, view):
    image = np.full((HEIGHT, WIDTH, 3), 60 if view == "top" else 120, np.uint8)
    image[20:60, (4 * index) % 120 : (4 * index) % 120 + 30] = (200, 40, 40)
    return image


def stamps(frames, skew_s=0.004, start_s=1000.0):
    top_s = start_s + np.arange(frames) / FPS
    return np.column_stack([top_s, top_s + skew_s])


def record(library, times_s, caption="rotate the object"):
    writer = library.begin(caption, "rotate", FPS)
    for index, (top_s, side_s) in enumerate(times_s):
        writer.add(picture(index, "top"), picture(index, "side"), top_s, side_s)
    return library.finish(writer.close())


@pytest.fixture
def library(tmp_path):
    return TakeLibrary(tmp_path / "takes", CLIP_S, SKEW_S)


def test_a_good_take_is_what_training_reads(library):
    take = record(library, stamps(75))
    assert take.good and take.number == 1
    assert take.facts["frames"] == 75 and take.facts["fps"] == 30.0
    (found,) = list_demonstrations(library.folder / LIST)
    assert found.caption == "rotate the object"
    clip = read_clip(found, WIDTH, HEIGHT, 13, 6.0)
    assert clip.shape == (26, HEIGHT, WIDTH, 3)
    for view, video in (("top", found.top), ("side", found.side)):
        frames = read_frames(video)
        assert len(frames) == 75
        off = np.abs(frames[40].astype(int) - picture(40, view)).mean()
        assert off < 6, f"{view}: frame 40 is frame 40"


def test_dropped_and_skewed_and_short_takes_are_rejected_and_say_why(library):
    dropped = np.delete(stamps(75), [20, 31, 32, 50], axis=0)
    assert any("4 of 75 frames are missing" in reason for reason in record(library, dropped).reasons)
    paused = stamps(90)
    paused[40:] += 0.5
    assert any("paused for 0.53 s, 1.3 s after" in reason for reason in record(library, paused).reasons)
    skewed = record(library, stamps(75, skew_s=0.08))
    assert skewed.reasons == ("the cameras are up to 80 ms apart; 50 ms are allowed",)
    assert any("lasts 0.5 s" in reason for reason in record(library, stamps(15)).reasons)
    assert any("only 0 pairs" in reason for reason in record(library, stamps(0)).reasons)
    assert (library.folder / LIST).read_text() == ""
    assert record(library, stamps(75)).good
    assert (library.folder / LIST).read_text() == "top/000006.mp4|||rotate the object\n"
    summary = library.summary()
    assert (
        summary.startswith("1 good takes of 6 in")
        and "take 3 is rejected: the cameras are up to 80 ms" in summary
    )


def test_a_later_look_can_reject_a_take(library):
    take = record(library, stamps(75))
    judged = library.judge(take.number, ("the left tool is found at 3 of 12 times",), {"left_believed": 0.25})
    assert not judged.good and judged.facts["left_believed"] == 0.25
    assert (library.folder / LIST).read_text() == ""


def test_a_caption_is_needed(library):
    with pytest.raises(DreamitateError, match="the caption must be one line"):
        library.begin("two|||parts", "rotate", FPS)


RECORD_FOREVER = """
import sys, time
sys.path.insert(0, {here!r})
from pathlib import Path
import importlib.util
spec = importlib.util.spec_from_file_location("test_library", {file!r})
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
library = module.TakeLibrary(Path({folder!r}), module.CLIP_S, module.SKEW_S)
writer = library.begin("sweep the beans", "sweep", module.FPS)
for index in range(100000):
    at_s = 50.0 + index / module.FPS
    writer.add(module.picture(index, "top"), module.picture(index, "side"), at_s, at_s + 0.01)
    print(index, flush=True)
"""


def test_a_kill_in_the_middle_costs_nothing_that_was_written(library, tmp_path):
    assert record(library, stamps(75)).good
    script = RECORD_FOREVER.format(here=str(tmp_path), file=__file__, folder=str(library.folder))
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    last = -1
    for line in process.stdout:
        last = int(line)
        if last >= 80:
            break
    process.send_signal(signal.SIGKILL)
    process.wait()
    time.sleep(0.05)
    (recovered,) = TakeLibrary(library.folder, CLIP_S, SKEW_S).recover()
    assert recovered.good and recovered.number == 2 and recovered.facts["recovered"]
    assert recovered.caption == "sweep the beans"
    assert recovered.facts["frames"] > last, "every pair that was reported written"
    assert len(read_frames(library.video("top", 2))) == recovered.facts["frames"]
    assert [each.caption for each in list_demonstrations(library.folder / LIST)] == [
        "rotate the object",
        "sweep the beans",
    ]
    assert library.recover() == [], "nothing is left over"


def test_pairs_come_in_order_and_lonely_images_are_counted():
    stream = PairStream(max_skew_s=0.01)
    assert stream.add("top", 0.000, "t0") == []
    assert stream.add("top", 0.033, "t1") == []
    assert stream.add("side", 0.001, "s0") == [((0.000, "t0"), (0.001, "s0"))]
    assert stream.add("side", 0.067, "s2") == []
    assert stream.add("top", 0.066, "t2") == [((0.066, "t2"), (0.067, "s2"))]
    assert stream.unpaired == 1

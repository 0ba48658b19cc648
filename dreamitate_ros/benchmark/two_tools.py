"""What a whole clip costs: both block tools, 13 times, both views, from decoded frames to tracks, on its own."""

import multiprocessing
import time
from statistics import median

import numpy as np

from dreamitate_ros.benchmark.film import Actor, film
from dreamitate_ros.benchmark.hand import grip
from dreamitate_ros.benchmark.motion import random_motion
from dreamitate_ros.benchmark.trial import benchmark_rig, benchmark_tools, peak_memory_mb
from dreamitate_ros.track.appearance import appearance_of
from dreamitate_ros.track.tracker import track_tools
from dreamitate_ros.values import StereoVideo

ARMS = ("block_left", "block_right")
ROUNDS = 3


def timing(seed: int) -> str:
    """Median wall and CPU time, and the peak memory of a process that does nothing else."""
    rig = benchmark_rig()
    with multiprocessing.get_context("fork").Pool(1) as pool:
        video = pool.apply(_filmed, (seed,))
    with multiprocessing.get_context("fork").Pool(1) as pool:
        rounds = [pool.apply(_measured, (video,)) for _ in range(ROUNDS)]
    wall_s, cpu_s, memory_mb = (median(values) for values in zip(*rounds, strict=True))
    size = f"{rig.top.width}x{rig.top.height}"
    return (
        f"two tools in one clip, {len(video.top)} times, both views, {size}: median of {ROUNDS}:"
        f" {wall_s:.1f} s, CPU {cpu_s:.1f} s; peak memory {memory_mb:.0f} MB"
    )


def _filmed(seed: int) -> StereoVideo:
    rig, tools = benchmark_rig(), benchmark_tools()
    actors = []
    for arm in ARMS:
        random = np.random.default_rng([seed, ARMS.index(arm), 9])
        motion = random_motion(arm, random)
        actors.append(Actor(tools[arm], grip(appearance_of(tools[arm]), random), np.stack([motion, motion])))
    return film(rig, actors, seed)


def _measured(video: StereoVideo) -> tuple[float, float, float]:
    rig, tools = benchmark_rig(), [benchmark_tools()[arm] for arm in ARMS]
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    track_tools(video, rig, tools, lambda fraction, text: None, lambda: False)
    return time.perf_counter() - wall_s, time.process_time() - cpu_s, peak_memory_mb()

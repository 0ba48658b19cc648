"""Demonstrations that are never trained on, with the tools' true poses: what trainings are judged by."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKLTemporalDecoder

from dreamitate_ros.configuration import config_directory
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.generate.clip import pack_clip, unpack_clip
from dreamitate_ros.generate.diffusion.latents import decode, encode, images_from_pixels, pixels_from_images
from dreamitate_ros.generate.diffusion.train.config import TrainingConfig
from dreamitate_ros.generate.diffusion.train.demonstrations import (
    Demonstration,
    list_demonstrations,
    read_clip,
    truth_path,
)
from dreamitate_ros.generate.diffusion.train.pose_errors import PoseErrors, pose_errors
from dreamitate_ros.rig import Rig, load_rig
from dreamitate_ros.task import Task, cell_rig_path, load_task
from dreamitate_ros.tool import Tool, load_tools
from dreamitate_ros.track.tracks_file import read_tracks
from dreamitate_ros.values import Progress, StereoImage, StereoVideo, Stop, ToolTrack
from dreamitate_ros.yaml_file import load_mapping

AT_ONCE = 5
"""Frames encoded and decoded together."""


@dataclass(frozen=True)
class HeldOut:
    """demonstrations: of one task and its tools (arm -> Tool); rig: of their frames at the model's size."""

    demonstrations: list[Demonstration]
    task: Task
    tools: dict[str, Tool]
    rig: Rig
    config: TrainingConfig

    def __len__(self) -> int:
        return len(self.demonstrations)

    def video(self, index: int) -> StereoVideo:
        """A demonstration as it was recorded, at the model's size."""
        config = self.config
        frames = read_clip(
            self.demonstrations[index], config.width, config.height, config.times, config.clip_fps
        )
        photos = StereoImage(frames[0], frames[-1])
        return unpack_clip(frames[:-1], photos, config.clip_fps, config.times)

    def errors(self, video: StereoVideo, index: int, stop: Stop) -> PoseErrors:
        """Of the tools in `video`, against where they were in demonstration `index`."""
        return pose_errors(video, self.rig, self.tools, self._truth(index), self.task.confidence_gate, stop)

    def _truth(self, index: int) -> list[ToolTrack]:
        return read_tracks(truth_path(self.demonstrations[index]), self.config.clip_fps)


def load_held_out(path: Path, config: TrainingConfig) -> HeldOut:
    """The data set whose list is `path`, as `dreamitate demonstrate` wrote it.

    Raises DreamitateError where it does not say its task, or does not hold the tools' true poses.
    """
    demonstrations = list_demonstrations(path)
    for demonstration in demonstrations:
        if not truth_path(demonstration).is_file():
            raise DreamitateError(
                ErrorCode.INVALID_PARAMETER,
                f"held_out: {truth_path(demonstration)} is missing, the tools' true poses; give a data set of"
                " `dreamitate demonstrate`",
            )
    settings = load_mapping(path.parent / "dataset.yaml", ErrorCode.INVALID_PARAMETER)
    folder = config_directory()
    task = load_task(str(settings.get("task")), folder)
    rig = load_rig(config.rig or cell_rig_path(task, folder))
    return HeldOut(
        demonstrations,
        task,
        load_tools(task.arm_tools, folder),
        rig.resized(config.width, config.height),
        config,
    )


@torch.no_grad()
def reconstructed(vae: AutoencoderKLTemporalDecoder, video: StereoVideo, stop: Stop) -> StereoVideo:
    """What is left of a video after the autoencoder; time 0 stays the photo, as in every imagined video."""
    pixels = pixels_from_images(pack_clip(video)).to(vae.device)
    latents = encode(vae, pixels, AT_ONCE, stop) * float(vae.config.scaling_factor)
    frames = images_from_pixels(decode(vae, latents, AT_ONCE, stop))
    return unpack_clip(frames, StereoImage(video.top[0], video.side[0]), video.fps, len(video.top))


def judge_autoencoder(
    vae: AutoencoderKLTemporalDecoder,
    held_out: HeldOut,
    say: Callable[[str], None],
    progress: Progress,
    stop: Stop,
) -> PoseErrors:
    """Says, and returns, how well tools are tracked in reconstructions; and in the recorded videos, to compare."""
    recorded, rebuilt, db = [], [], []
    for index in range(len(held_out)):
        progress(index / len(held_out), f"judging the autoencoder, video {index + 1} of {len(held_out)}")
        video = held_out.video(index)
        again = reconstructed(vae, video, stop)
        recorded.append(held_out.errors(video, index, stop))
        rebuilt.append(held_out.errors(again, index, stop))
        db.append(peak_signal_to_noise_db(again, video))
    say(f"tools in the recorded videos:    {total(recorded)}")
    say(f"tools in their reconstructions:  {total(rebuilt)}; {np.mean(db):.1f} dB")
    return total(rebuilt)


def peak_signal_to_noise_db(video: StereoVideo, truth: StereoVideo) -> float:
    """Of all imagined frames of both views, time 0 left out."""
    differences = [
        view[1:].astype(np.float64) - true[1:]
        for view, true in ((video.top, truth.top), (video.side, truth.side))
    ]
    return float(10 * np.log10(255**2 / np.mean([np.mean(part**2) for part in differences])))


def total(errors: list[PoseErrors]) -> PoseErrors:
    """Of all of them together."""
    together = errors[0]
    for more in errors[1:]:
        together += more
    return together

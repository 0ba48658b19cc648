"""`dreamitate benchmark imagination`: what a trained model imagines in unseen scenes, next to the expert's video."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dreamitate_ros.benchmark.cases_done import Outcome, cases_done
from dreamitate_ros.benchmark.imagination_sheet import scene_rows, write_sheet
from dreamitate_ros.configuration import config_directory
from dreamitate_ros.demonstrate.episode import demonstration_of
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.generate.diffusion.settings import sampling_preset
from dreamitate_ros.generate.diffusion.train.pose_errors import PoseErrors, pose_errors
from dreamitate_ros.rig import load_rig
from dreamitate_ros.task import cell_rig_path, load_task
from dreamitate_ros.tool import load_tools
from dreamitate_ros.values import StereoImage

SHEET = "imagined.jpg"


@dataclass(frozen=True)
class Scene:
    """The scene of a seed. model: folder; sampling: preset; rows: folder for what its pictures are kept in."""

    task: str
    model: Path
    sampling: str
    seed: int
    rows: Path

    @property
    def key(self) -> str:
        """Changes when the model is trained on."""
        changed_ns = max(path.stat().st_mtime_ns for path in self.model.glob("unet/*.safetensors"))
        return f"{self.task} {self.seed} {self.sampling} {self.model.resolve()} {changed_ns}"

    @property
    def picture(self) -> Path:
        """Where its row of the contact sheet is kept."""
        return self.rows / f"{self.seed}.npy"


def benchmark_imagination(
    task: str, model: Path, sampling: str, scenes: int, seed: int, workers: int, output: Path
) -> str:
    """The figures over the scenes from `seed` on; the contact sheet of all of them is written to `output`.

    Raises DreamitateError: UNKNOWN_TASK, INVALID_PARAMETER.
    """
    load_task(task, config_directory())
    sampling_preset(sampling)
    if not any(model.glob("unet/*.safetensors")):
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER, f"{model} holds no unet/*.safetensors; give a trained model's folder"
        )
    jobs = [Scene(task, model, sampling, seed + index, output / "rows") for index in range(scenes)]
    outcomes = cases_done(output / "imagination.jsonl", jobs, imagine_scene, workers)
    shown = [job for job, outcome in zip(jobs, outcomes, strict=True) if outcome["errors"] is not None]
    if shown:
        write_sheet(output / SHEET, [np.load(job.picture) for job in shown])
    return _figures(outcomes, f"{task}, {scenes} scenes from seed {seed}, sampling {sampling}, {model}")


def imagine_scene(scene: Scene) -> Outcome:
    """Photograph, imagine, track; "errors" is None where the scripted expert finds no way to compare with."""
    from dreamitate_ros.generate.diffusion.generator import DiffusionGenerator  # torch, only where needed

    config = config_directory()
    task = load_task(scene.task, config)
    rig = load_rig(cell_rig_path(task, config))
    tools = load_tools(task.arm_tools, config)
    try:
        _, demonstrated, truth = demonstration_of(task, rig, tools, scene.seed)
    except DreamitateError as error:
        if error.code is not ErrorCode.GENERATION_FAILED:
            raise
        return {"key": scene.key, "errors": None}
    generator = DiffusionGenerator.load(scene.model, scene.sampling)
    photos = StereoImage(demonstrated.top[0], demonstrated.side[0])
    started_s = time.monotonic()
    imagined = generator.generate(photos, task, scene.seed, lambda *_: None, lambda: False)
    imagined_s = time.monotonic() - started_s
    errors = pose_errors(imagined, rig, tools, truth, task.confidence_gate, lambda: False)
    scene.rows.mkdir(parents=True, exist_ok=True)
    np.save(scene.picture, scene_rows(imagined, demonstrated))
    return {"key": scene.key, "imagined_s": imagined_s, "errors": _plain(errors)}


def _figures(outcomes: list[Outcome], settings: str) -> str:
    known = [outcome for outcome in outcomes if outcome["errors"] is not None]
    lines = [settings]
    if len(known) < len(outcomes):
        lines.append(f"{len(outcomes) - len(known)} scenes left out, in which the expert finds no way")
    if known:
        errors = [_errors(outcome["errors"]) for outcome in known]
        lines.append(f"tools against the expert's: {sum(errors[1:], errors[0])}")
        lines.append(f"imagined in {np.median([outcome['imagined_s'] for outcome in known]):.1f} s (median)")
    return "\n".join(lines)


def _plain(errors: PoseErrors) -> dict[str, object]:
    return {
        name: value.tolist() if isinstance(value, np.ndarray) else value
        for name, value in vars(errors).items()
    }


def _errors(content: dict[str, Any]) -> PoseErrors:
    """The inverse of _plain."""
    arrays = {name: np.array(value) for name, value in content.items() if isinstance(value, list)}
    return PoseErrors(**content | arrays | {"doubted": np.reshape(content["doubted"], (-1, 2))})

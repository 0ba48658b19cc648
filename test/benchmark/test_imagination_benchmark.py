"""The figures of a trained model's videos: here of a perfect one, which imagines what the expert does."""

from pathlib import Path

import cv2
import pytest

from dreamitate_ros.benchmark import imagination
from dreamitate_ros.benchmark.imagination import SHEET, benchmark_imagination
from dreamitate_ros.configuration import config_directory
from dreamitate_ros.demonstrate.episode import demonstration_of
from dreamitate_ros.errors import DreamitateError
from dreamitate_ros.generate.diffusion.generator import DiffusionGenerator
from dreamitate_ros.rig import load_rig
from dreamitate_ros.tool import load_tools
from dreamitate_ros.values import StereoVideo

SEED = 900_000


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A folder that looks like a model's."""
    (tmp_path / "model" / "unet").mkdir(parents=True)
    (tmp_path / "model" / "unet" / "weights.safetensors").touch()
    return tmp_path / "model"


class Expert:
    """Imagines what the expert does, as a perfect model would."""

    def generate(self, photos, task, seed, progress, stop) -> StereoVideo:
        config = config_directory()
        rig = load_rig(config / "rigs" / "cell.yaml")
        return demonstration_of(task, rig, load_tools(task.arm_tools, config), seed)[1]


def test_a_perfect_model_is_a_few_millimetres_off_and_its_scenes_are_on_the_sheet(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DiffusionGenerator, "load", lambda *_: Expert())
    text = benchmark_imagination("rotate", model, "small", 1, SEED, 1, tmp_path)
    assert "0 of 1 videos refused" in text and "1 scenes from seed 900000" in text
    assert float(text.split("median ")[1].split(" mm")[0]) < 5
    sheet = cv2.imread(str(tmp_path / SHEET))
    assert sheet is not None and sheet.shape[0] > 200
    monkeypatch.setattr(imagination, "imagine_scene", lambda scene: pytest.fail("it was done already"))
    assert benchmark_imagination("rotate", model, "small", 1, SEED, 1, tmp_path) == text


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DreamitateError, match="trained model"):
        benchmark_imagination("rotate", tmp_path, "small", 1, SEED, 1, tmp_path)

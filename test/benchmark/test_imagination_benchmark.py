"""The figures of a trained model's videos: here of a perfect one, which imagines what the expert does."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from dreamitate_ros.benchmark import imagination
from dreamitate_ros.benchmark.imagination import SHEET, Scene, benchmark_imagination, imagine_scene
from dreamitate_ros.cli import main
from dreamitate_ros.configuration import config_directory, model_directory
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


def test_a_perfect_model_is_a_few_millimetres_off(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DiffusionGenerator, "load", lambda *_: Expert())
    scene = Scene("rotate", model, "small", SEED, tmp_path)
    outcome = imagine_scene(scene)
    assert np.median(outcome["errors"]["mm"]) < 5 and outcome["errors"]["refused"] == 0
    photo, imagined, demonstrated = np.split(np.load(scene.picture)[:112], [192, 198 + 3 * 192], axis=1)
    assert np.array_equal(imagined[:, 6:], demonstrated[:, 6:]) and photo.any()


def test_the_figures_of_all_scenes_and_their_sheet(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imagination, "imagine_scene", imagined)
    text = benchmark_imagination("rotate", model, "small", 3, SEED, 1, tmp_path)
    assert "3 scenes from seed 900000" in text and "1 scenes left out" in text
    assert "median 4.0 mm 2.0 deg" in text and "2 of 4 poses believed, 1 of 2 videos refused" in text
    assert "all 3 found, believed or not: median 5.0 mm 3.0 deg" in text
    sheet = cv2.imread(str(tmp_path / SHEET))
    assert sheet is not None and sheet.shape == (2 * (10 + 6), 20, 3)
    monkeypatch.setattr(imagination, "imagine_scene", lambda scene: pytest.fail("it was done already"))
    assert benchmark_imagination("rotate", model, "small", 3, SEED, 1, tmp_path) == text


def imagined(scene: Scene) -> dict[str, object]:
    """The first scene is tracked, the second one refused, and in the third the expert finds no way."""
    number = scene.seed - SEED
    if number == 2:
        return {"key": scene.key, "errors": None}
    scene.rows.mkdir(exist_ok=True)
    np.save(scene.picture, np.zeros((10, 20, 3), np.uint8))
    good = {"mm": [3.0, 5.0], "deg": [1.0, 3.0], "apart_px": [1.0], "believed": 2, "wanted": 2, "refused": 0}
    bad = {"mm": [], "deg": [], "apart_px": [], "believed": 0, "wanted": 2, "refused": 1}
    good["doubted"], bad["doubted"] = [], [[7.0, 8.0]]
    return {"key": scene.key, "imagined_s": 3.0, "errors": (bad if number else good) | {"videos": 1}}


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DreamitateError, match="trained model"):
        benchmark_imagination("rotate", tmp_path, "small", 1, SEED, 1, tmp_path)


def test_a_model_that_ships_goes_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(imagination, "benchmark_imagination", lambda task, model, *rest: f"{task} {model}")
    assert main(["benchmark", "imagination", "--model", "small", "--output", str(tmp_path)]) == 0
    assert f"rotate {model_directory('small')}" in capsys.readouterr().out

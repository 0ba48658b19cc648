"""The baseline learns a path from photos, and stands in for video and tracker in a trial."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from dreamitate_ros.baseline.network import SHARPNESS, FilmBlock, PhotoEncoder, PolicyNetwork
from dreamitate_ros.baseline.paths import fit_code, numbers_of
from dreamitate_ros.baseline.photos import MIDDLE, cut_out, photos_tensor
from dreamitate_ros.baseline.policy import BaselinePolicy
from dreamitate_ros.baseline.settings import NetworkSize, PolicySettings
from dreamitate_ros.cli import parser
from dreamitate_ros.configuration import config_directory
from dreamitate_ros.demonstrate.dataset import Dataset
from dreamitate_ros.errors import DreamitateError
from dreamitate_ros.generate.diffusion.train.config_file import load_training
from dreamitate_ros.generate.diffusion.train.start import train
from dreamitate_ros.geometry import transform
from dreamitate_ros.task import load_task
from dreamitate_ros.values import StereoVideo, ToolTrack

pytestmark = pytest.mark.usefixtures("one_thread")

TIMES, FPS = 13, 4.0
SIZE = (64, 40)


def track(offset_m: float, tool: str = "left") -> ToolTrack:
    """From offset_m along x to 0.1 m further, turning by 0.6 rad."""
    share = np.linspace(0, 1, TIMES)
    turns = np.stack(
        [[[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]] for a in 0.6 * share]
    )
    places = np.column_stack([offset_m + 0.1 * share, 0.02 * share, np.full(TIMES, 0.7)])
    return ToolTrack(
        tool,
        np.arange(TIMES) / FPS,
        transform(turns, places),
        np.ones(TIMES),
        np.ones(TIMES, bool),
        np.zeros((TIMES, 2)),
        np.zeros((TIMES, 6)),
    )


def photo(offset_m: float) -> np.ndarray:
    """A white square where the path begins."""
    image = np.full((SIZE[1], SIZE[0], 3), 60, np.uint8)
    column = int(SIZE[0] / 2 + 80 * offset_m)
    image[12:24, column : column + 12] = 250
    return image


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    dataset = Dataset.open(folder, load_task("push_shape", config_directory()), SIZE)
    for seed, offset_m in enumerate((-0.2, 0.0, 0.2)):
        frames = np.stack([photo(offset_m)] * TIMES)
        dataset.keep(seed, StereoVideo(frames, frames, FPS), [track(offset_m)], {})
    dataset.write_list()
    return folder


def config_file(data: Path, output: Path, **changes: object) -> Path:
    settings = {
        "trains": "baseline", "demonstrations": data / "demonstrations.txt", "output": output, "width": SIZE[0],
        "height": SIZE[1], "resnet": 16, "channels": 32, "steps": 6, "batch": 3, "learning_rate": 1e-3,
        "noises": 2, "labels": "true", "ema": None, "checkpoint_every": 3, "brightness": 0, "contrast": 0,
        "saturation": 0, **changes,
    }  # fmt: skip
    path = output.with_suffix(".yaml")
    path.write_text(json.dumps({name: str(v) if isinstance(v, Path) else v for name, v in settings.items()}))
    return path


def trained(path: Path, stop_after: int | None = None) -> Path:
    steps = iter(range(10**6))
    stop = (lambda: False) if stop_after is None else (lambda: next(steps) > stop_after)
    return train(load_training(path), lambda *_: None, stop, say=lambda line: None, cpu=True)


def test_a_path_survives_its_code_and_every_decoded_pose_is_rigid() -> None:
    code = fit_code([[track(0.0)], [track(0.2)]])
    (again,) = code.decode(code.encode(numbers_of([track(0.1)])), FPS)
    np.testing.assert_allclose(again.top_from_tool[1:], track(0.1).top_from_tool[1:], atol=1e-9)
    assert not again.present[0] and again.present[1:].all() and again.times_s[-1] == 12 / FPS
    (wild,) = code.decode(np.random.default_rng(0).normal(size=(12, 9)), FPS)
    turns = wild.top_from_tool[1:, :3, :3]
    np.testing.assert_allclose(turns @ turns.transpose(0, 2, 1), np.tile(np.eye(3), (12, 1, 1)), atol=1e-9)


def test_a_gap_in_a_tracked_path_is_filled_from_its_neighbours() -> None:
    whole = track(0.0)
    poses = whole.top_from_tool.copy()
    poses[5] = np.nan
    filled = numbers_of([replace(whole, top_from_tool=poses)])
    np.testing.assert_allclose(filled, numbers_of([whole]), atol=2e-3)


def test_demonstrations_of_two_tasks_are_refused() -> None:
    with pytest.raises(DreamitateError, match="demonstration 2 has not the tools left at 13 times"):
        fit_code([[track(0.0)], [track(0.0, "right")]])


def test_it_learns_where_the_tool_goes_from_what_the_photos_show(data: Path, tmp_path: Path) -> None:
    path = config_file(
        data, tmp_path / "long", steps=120, batch=16, learning_rate=3e-3, cool_down=100, checkpoint_every=120
    )
    policy = BaselinePolicy.load(trained(path))
    left_m, middle_m, right_m = (
        np.median(policy.paths(photo(offset_m), photo(offset_m), FPS)[0].top_from_tool[1:, 0, 3])
        for offset_m in (-0.2, 0.0, 0.2)
    )
    assert left_m < middle_m < right_m and right_m - left_m > 0.2  # 0.4 m as demonstrated


def test_an_interrupted_training_ends_as_an_uninterrupted_one(data: Path, tmp_path: Path) -> None:
    whole = trained(config_file(data, tmp_path / "whole"))
    parts = config_file(data, tmp_path / "parts")
    with pytest.raises(DreamitateError):
        trained(parts, stop_after=5)
    ended, resumed = ((folder / "policy.safetensors").read_bytes() for folder in (whole, trained(parts)))
    assert ended == resumed


def test_a_folder_without_a_baseline_is_told(tmp_path: Path) -> None:
    with pytest.raises(DreamitateError, match="holds no trained baseline"):
        BaselinePolicy.load(tmp_path)


def a_policy(tools: tuple[str, ...] = ("left",)) -> BaselinePolicy:
    """Random weights, and a code of paths over the table's middle."""
    code = fit_code([[replace(track(offset_m), tool=tool) for tool in tools] for offset_m in (0.0, 0.1)])
    size = NetworkSize(16, (32, 64), code.width)
    torch.manual_seed(0)
    return BaselinePolicy(PolicyNetwork(size).eval(), PolicySettings(size, code, *SIZE, 0.9))


def test_a_saved_policy_answers_the_same(tmp_path: Path) -> None:
    policy = a_policy(("left", "right"))
    policy.save(tmp_path)
    again = BaselinePolicy.load(tmp_path)
    for one, other in zip(
        policy.paths(photo(0), photo(0), FPS), again.paths(photo(0), photo(0), FPS), strict=True
    ):
        np.testing.assert_array_equal(one.top_from_tool, other.top_from_tool)


def test_photos_come_as_the_network_sees_them() -> None:
    tensor = photos_tensor(photo(0), photo(0), 32, 20)
    assert tensor.shape == (2, 3, 20, 32)
    assert tensor.max() <= 1 and tensor.min() >= -1


def test_a_cut_out_moves_over_each_photo_by_itself() -> None:
    rows = torch.arange(20.0)[:, None].expand(2, 3, 20, 10)
    middle, edges = (cut_out(rows, 0.8, at) for at in (MIDDLE, torch.tensor([[0.0, 0.0], [1.0, 1.0]])))
    assert middle.shape == edges.shape == (2, 3, 16, 8)
    assert middle[:, 0, 0, 0].tolist() == [2, 2] and edges[:, 0, 0, 0].tolist() == [0, 4]


def test_what_a_block_is_told_scales_each_channel_and_shifts_it() -> None:
    """Told alike of a scene that entered at twice the strength, a shift alone would move both by as much."""
    torch.manual_seed(0)
    block, x = FilmBlock(8, 16, 4), torch.randn(1, 8, 6)
    entered = block.enter(x)
    seen: list[torch.Tensor] = []
    block.leave.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    told = torch.randn(1, 4)
    block(x, told)
    scale, shift = block.film(told)[0].chunk(2)
    torch.testing.assert_close(seen[0], entered * scale[None, :, None] + shift[None, :, None])


def test_an_encoder_tells_places_apart_before_it_is_trained() -> None:
    """With torch's own weights every keypoint lies in the middle, and hundreds of steps go by before photos count."""
    torch.manual_seed(0)
    encoder = PhotoEncoder(16)
    left, right = (photos_tensor(photo(x), photo(x), *SIZE)[:1] for x in (-0.2, 0.2))
    with torch.no_grad():
        moved = (encoder(left) - encoder(right)).abs().mean()
        encoder.keypoints.weight /= SHARPNESS
        assert moved > 2 * (encoder(left) - encoder(right)).abs().mean()


def test_other_photos_draw_other_noise_and_the_same_ones_the_same() -> None:
    policy = a_policy()
    one, again, other = (policy.paths(photo(x), photo(x), FPS)[0].top_from_tool[1:] for x in (0, 0, 0.1))
    np.testing.assert_array_equal(one, again)
    assert np.abs(one - other).max() > 1e-3


def evaluate(tmp_path: Path, *options: str) -> int:
    arguments = parser().parse_args(
        [
            "evaluate",
            "--generator",
            "baseline",
            "--trials",
            "1",
            "--output",
            str(tmp_path / "evaluation"),
            *options,
        ]
    )
    return arguments.run(arguments)


@pytest.mark.parametrize("options", [["--no-ros"], ["--model", "."]])
def test_it_needs_a_model_and_no_graph(tmp_path: Path, options: list[str]) -> None:
    with pytest.raises(DreamitateError, match="needs --model DIR, a trained baseline's folder, and --no-ros"):
        evaluate(tmp_path, *options)


@pytest.mark.timeout(600)
def test_trials_in_processes_of_their_own_end_in_verdicts(tmp_path: Path) -> None:
    """As users run it: torch's threads, two here, do not survive the fork into a trial's process."""
    a_policy().save(tmp_path / "model")
    command = f"evaluate --generator baseline --model {tmp_path}/model --task push_shape_bold --no-ros"
    subprocess.run(
        [sys.executable, "-m", "dreamitate_ros.cli", *command.split()]
        + ["--trials", "2", "--workers", "2", "--output", str(tmp_path / "evaluation")],
        env={**os.environ, "OMP_NUM_THREADS": "2"},
        check=True,
        timeout=550,
    )
    trials = json.loads((tmp_path / "evaluation" / "trials.json").read_text())["trials"]
    assert [trial["crash"] for trial in trials] == ["", ""]
    episode = Path(trials[0]["rounds"][0]["episode"])
    tracks = json.loads((episode / "dreams" / "01" / "tracks.json").read_text())
    assert list(tracks["tools"]) == ["left"] and len(tracks["tools"]["left"]) == 12
    assert (episode / "report.html").is_file()


@pytest.mark.parametrize(
    ("tools", "words"),
    [
        (None, "holds no trained baseline"),
        (("right",), "trained for the tools right at 13 times; asked for are left"),
    ],
)
def test_a_folder_that_does_not_fit_is_told_before_anything_is_written(
    tmp_path: Path, tools: tuple[str, ...] | None, words: str
) -> None:
    if tools is not None:
        a_policy(tools).save(tmp_path / "model")
    with pytest.raises(DreamitateError, match=words):
        evaluate(tmp_path, "--no-ros", "--task", "push_shape_bold", "--model", str(tmp_path / "model"))
    assert not (tmp_path / "evaluation").exists()

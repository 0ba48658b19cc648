"""`dreamitate evaluate`: a user's mistakes are told before anything is written."""

from pathlib import Path

import pytest

from dreamitate_ros.cli import parser
from dreamitate_ros.errors import DreamitateError


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--seed", "7"], "7 is for training, not for evaluation"),
        (["--task", "juggle"], "there is no task 'juggle'"),
        (["--generator", "diffusion", "--model", "nowhere"], "no model folder 'nowhere'"),
        (
            ["--generator", "diffusion"],
            "no model ships for the task 'rotate'; let the scripted expert imagine",
        ),
        (["--generator", "replay", "--earlier", "nowhere"], "needs --earlier DIR"),
        (["--samples", "4"], "'oracle' imagines the same video whatever the seed"),
        (
            ["--task", "rotate_bold", "--generator", "diffusion", "--samples", "0"],
            "samples must be a whole number",
        ),
    ],
)
def test_a_mistake_is_told_first(tmp_path: Path, options: list[str], words: str) -> None:
    folder = tmp_path / "evaluation"
    arguments = parser().parse_args(["evaluate", "--no-ros", "--output", str(folder), *options])
    with pytest.raises(DreamitateError, match=words):
        arguments.run(arguments)
    assert not folder.exists()


def test_ray_takes_trials_without_a_graph(tmp_path: Path) -> None:
    arguments = parser().parse_args(["evaluate", "--ray", "--output", str(tmp_path / "evaluation")])
    with pytest.raises(DreamitateError, match="add --no-ros"):
        arguments.run(arguments)

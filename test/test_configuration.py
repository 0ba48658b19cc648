"""Where the model folders are looked for."""

from pathlib import Path

import pytest

from dreamitate_ros import configuration
from dreamitate_ros.configuration import is_shipped, model_directory
from dreamitate_ros.errors import DreamitateError


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """models/small and models/large beside config/."""
    for name in ("small", "large"):
        (tmp_path / "models" / name).mkdir(parents=True)
    monkeypatch.setattr(configuration, "config_directory", lambda: tmp_path / "config")
    return tmp_path / "models"


def test_a_model_is_a_path_or_one_that_ships(shipped: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    assert model_directory(str(mine)) == mine
    assert model_directory("large") == shipped / "large"
    assert model_directory("") == shipped / "small"


def test_an_unknown_model_is_told_with_those_that_ship(shipped: Path) -> None:
    with pytest.raises(DreamitateError, match=r"'huge'.*large, small"):
        model_directory("huge")


def test_a_model_that_ships_is_told_from_others(shipped: Path, tmp_path: Path) -> None:
    assert is_shipped(model_directory("large"))
    assert not is_shipped(tmp_path / "mine")

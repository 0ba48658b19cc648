"""Where the model folders are looked for."""

from pathlib import Path

import pytest

from dreamitate_ros import configuration
from dreamitate_ros.configuration import is_shipped, model_directory
from dreamitate_ros.errors import DreamitateError


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone without models, and nothing sourced."""
    monkeypatch.setattr(configuration, "PACKAGE", tmp_path / "clone" / "dreamitate_ros")
    monkeypatch.setenv("AMENT_PREFIX_PATH", "")
    return tmp_path / "clone"


def add_models(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / "dreamitate_models" / name).mkdir(parents=True)
        (folder / "dreamitate_models" / name / "model_index.json").touch()
    return folder / "dreamitate_models"


def test_a_model_is_a_path_or_one_that_ships(clone: Path, tmp_path: Path) -> None:
    shipped = add_models(clone, "small", "large")
    mine = tmp_path / "mine"
    mine.mkdir()
    assert model_directory(str(mine)) == mine
    assert model_directory("large") == shipped / "large"
    assert model_directory("") == shipped / "small"


def test_a_folder_of_the_same_name_does_not_stand_in_for_one_that_ships(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = add_models(clone, "small")
    (tmp_path / "small").mkdir()
    monkeypatch.chdir(tmp_path)
    assert model_directory("small") == shipped / "small"
    assert model_directory("./small").resolve() == tmp_path / "small"


def test_once_installed_models_are_found_where_ros_looks(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = add_models(tmp_path / "install" / "dreamitate_models" / "share", "small")
    prefixes = [tmp_path / "install" / package for package in ("dreamitate_ros", "dreamitate_models")]
    monkeypatch.setenv("AMENT_PREFIX_PATH", ":".join(map(str, prefixes)))
    assert model_directory("small") == shipped / "small"


def test_an_unknown_model_is_told_with_those_that_ship(clone: Path) -> None:
    add_models(clone, "small", "large")
    with pytest.raises(DreamitateError, match=r"'huge'.*large, small"):
        model_directory("huge")


def test_without_the_models_the_cure_is_told(clone: Path) -> None:
    with pytest.raises(DreamitateError, match="build the package dreamitate_models"):
        model_directory("")


def test_a_model_that_ships_is_told_from_others(clone: Path, tmp_path: Path) -> None:
    add_models(clone, "large")
    assert is_shipped(model_directory("large"))
    assert not is_shipped(tmp_path / "mine")

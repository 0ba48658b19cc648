"""One version number, in one place per package: its package.xml."""

import re
from importlib import metadata
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).parents[1]


def version(package: Path) -> str:
    return ElementTree.parse(package / "package.xml").findtext("version", "")


@pytest.mark.parametrize("package", [ROOT, ROOT / "dreamitate_msgs", ROOT / "dreamitate_models"])
def test_version_is_a_version(package: Path) -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", version(package))


def test_installed_package_has_it() -> None:
    assert metadata.version("dreamitate_ros") == version(ROOT)


def test_no_second_place() -> None:
    places = [*ROOT.glob("setup.*"), ROOT / "pyproject.toml", *ROOT.glob("dreamitate_ros/**/*.py")]
    places += [ROOT / package / "CMakeLists.txt" for package in ("dreamitate_msgs", "dreamitate_models")]
    written = re.compile(rf"[\"' ]{re.escape(version(ROOT))}[\"' )]")
    assert [str(path) for path in places if written.search(path.read_text())] == []

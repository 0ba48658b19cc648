"""docs/hardware.md: every command on it is one that exists."""

import re
import shlex
from pathlib import Path

import pytest

from dreamitate_ros.cli import parser

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "hardware.md").read_text()
BLOCKS = "\n".join(re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL)).replace("\\\n", " ")
COMMANDS = [shlex.split(line, comments=True) for line in BLOCKS.splitlines()]
SOURCES = "".join(
    path.read_text()
    for path in (*(ROOT / "launch").glob("*.py"), ROOT / "dreamitate_ros" / "nodes" / "launching.py")
)


@pytest.mark.parametrize("words", [words for words in COMMANDS if words[:1] == ["dreamitate"]], ids=" ".join)
def test_dreamitate_knows_its_command(words: list[str]) -> None:
    parser().parse_args(words[1:])


@pytest.mark.parametrize(
    "words", [words for words in COMMANDS if words[:3] == ["ros2", "launch", "dreamitate_ros"]], ids=" ".join
)
def test_launch_files_know_their_arguments(words: list[str]) -> None:
    assert (ROOT / "launch" / words[3]).is_file()
    for name in (word.partition(":=")[0] for word in words[4:] if ":=" in word):
        arm, _, rest = name.partition("_")
        assert f'"{name}"' in SOURCES or (arm in ("left", "right") and f"{{arm}}_{rest}" in SOURCES), name


def test_the_ports_on_the_page_are_those_of_the_drivers() -> None:
    from dreamitate_ros.nodes.arm_drivers import PORTS, PORTS_APART

    assert f"**{PORTS['script_sender_port']} for `left`" in PAGE
    assert f"{PORTS['script_sender_port'] + PORTS_APART} for `right`**" in PAGE

"""The ROS 2 package dreamitate_ros (ament_python)."""

from pathlib import Path
from xml.etree import ElementTree

from setuptools import find_packages, setup

NAME = "dreamitate_ros"
NODES = (
    "calibration_guide",
    "demonstration_recorder",
    "faulty_cell",
    "motion_guard",
    "policy",
    "simulated_cell",
    "stereo_capture",
    "tool_tracker",
    "trajectory_executor",
    "video_generator",
)


def version() -> str:
    """The version number's one place is package.xml."""
    return ElementTree.parse("package.xml").findtext("version", "")


def shared(folder: str, pattern: str) -> list[tuple[str, list[str]]]:
    """The files of a folder, laid out the same under share/."""
    files = sorted(path for path in Path(folder).rglob(pattern) if path.is_file())
    parents = sorted({path.parent for path in files})
    return [
        (f"share/{NAME}/{parent}", [str(path) for path in files if path.parent == parent])
        for parent in parents
    ]


setup(
    name=NAME,
    version=version(),
    description="Dreamitate for ROS 2: a robot acts out what a video model imagined",
    license="Apache-2.0",
    packages=find_packages(include=[NAME, f"{NAME}.*"]),
    package_data={NAME: ["**/*.html", "**/*.css", "**/*.xml", "**/*.json"]},
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{NAME}"]),
        (f"share/{NAME}", ["package.xml"]),
        *shared("launch", "*.launch.py"),
        *shared("config", "*"),
    ],
    zip_safe=False,
    python_requires=">=3.11",
    extras_require={"test": ["pytest"], "ray": ["ray>=2.50"]},
    entry_points={
        "console_scripts": [
            f"dreamitate = {NAME}.cli:main",
            *(f"{node} = {NAME}.nodes.start:{node}" for node in NODES),
        ],
    },
)

"""The launch files under the real launch: where ROS 2 itself is installed, for its wheels have none."""

import importlib.util
from pathlib import Path

import pytest

pytest.importorskip("launch_ros")

from launch.actions import GroupAction
from launch_ros.actions import Node

from dreamitate_ros.nodes import launching
from launch import LaunchContext

FILES = sorted((Path(__file__).parents[2] / "launch").glob("*.launch.py"))


def arguments(path):
    spec = importlib.util.spec_from_file_location("description", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.generate_launch_description().get_launch_arguments()


def started(path, **given):
    """The nodes that hardware.launch.py would start."""
    context = LaunchContext()
    for each in arguments(path):
        default = each.default_value
        context.launch_configurations[each.name] = default[0].text if default else ""
    context.launch_configurations.update(given)
    actions = launching.start_hardware(context)
    groups = [action for action in actions if isinstance(action, GroupAction)]
    inside = [node for group in groups for node in group.get_sub_entities()]
    return [node for node in (*actions, *inside) if isinstance(node, Node)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_argument_is_described_and_its_default_is_a_choice(path):
    for each in arguments(path):
        assert len(each.description) > 10, each.name
        if each.choices and each.default_value:
            assert each.default_value[0].text in each.choices


def test_hardware_starts_what_is_asked_for():
    path = next(path for path in FILES if path.name == "hardware.launch.py")
    names = [node.node_executable for node in started(path, arms="right", rviz="false")]
    assert names.count("ros2_control_node") == 1 and "rviz2" not in names and "policy" in names
    names = [node.node_executable for node in started(path, top_serial="1", side_serial="2")]
    assert names.count("ros2_control_node") == 2 and names.count("realsense2_camera_node") == 2
    assert names.count("static_transform_publisher") == 2 and "rviz2" in names

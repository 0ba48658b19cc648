"""The launch files under the real launch: where ROS 2 itself is installed, for its wheels have none."""

import importlib.util
from pathlib import Path

import pytest

pytest.importorskip("launch_ros")

from launch.actions import GroupAction
from launch_ros.actions import Node

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.nodes import launching
from dreamitate_ros.nodes.bringup import END_TIMEOUT_S
from launch import LaunchContext

FILES = sorted((Path(__file__).parents[2] / "launch").glob("*.launch.py"))
HARDWARE = next(path for path in FILES if path.name == "hardware.launch.py")


class Everything(dict):
    """An index in which every package is installed."""

    def __contains__(self, name):
        return True


def arguments(path):
    spec = importlib.util.spec_from_file_location("description", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.generate_launch_description().get_launch_arguments()


def started(**given):
    """The nodes that hardware.launch.py would start."""
    context = LaunchContext()
    for each in arguments(HARDWARE):
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


def test_hardware_without_its_drivers_says_what_to_install_before_anything_starts(monkeypatch):
    here = ["dreamitate_ros", "xacro", "rviz2", "tf2_ros", "robot_state_publisher"]
    monkeypatch.setattr(launching, "get_packages_with_prefixes", lambda: dict.fromkeys(here, "/opt"))
    with pytest.raises(DreamitateError) as caught:
        started()
    assert caught.value.code == ErrorCode.STAGE_UNAVAILABLE
    assert "lacks controller_manager, joint_state_broadcaster, ur_controllers" in caught.value.message
    assert "ros-$ROS_DISTRO-ur-robot-driver" in caught.value.message


def test_hardware_starts_what_is_asked_for(monkeypatch):
    monkeypatch.setattr(launching, "get_packages_with_prefixes", Everything)
    names = [node.node_executable for node in started(arms="right", rviz="false")]
    assert names.count("ros2_control_node") == 1 and "rviz2" not in names and "policy" in names
    names = [node.node_executable for node in started(top_serial="1", side_serial="2")]
    assert names.count("ros2_control_node") == 2 and names.count("realsense2_camera_node") == 2
    assert names.count("static_transform_publisher") == 2 and "rviz2" in names


def test_a_node_may_finish_its_report_before_launch_kills_it(monkeypatch):
    monkeypatch.setattr(launching, "get_packages_with_prefixes", Everything)
    ours = [node for node in started(arms="left", rviz="false") if node.node_package == "dreamitate_ros"]
    assert len(ours) == 6
    for node in ours:
        (timeout,) = node._ExecuteLocal__sigterm_timeout
        assert float(timeout.text) >= END_TIMEOUT_S

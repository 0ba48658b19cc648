"""What is started for a UR arm: names as ur_robot_driver spells them, two arms that do not meet."""

import re

import numpy as np
import pytest
import yaml

from dreamitate_ros.configuration import config_directory
from dreamitate_ros.errors import DreamitateError
from dreamitate_ros.execute.ur5e import HOME_RAD, JOINT_NAMES, joint_names
from dreamitate_ros.nodes.arm_drivers import (
    arm_driver,
    arm_nodes,
    executor_parameters,
    require_apart,
)
from dreamitate_ros.rig import load_rig

HARDWARE = config_directory() / "hardware"
RIG = load_rig(config_directory() / "rigs" / "cell.yaml")


def driver(arm="left", mock=True, robot_ip="", kinematics="", **chosen):
    return arm_driver(arm, RIG, mock, robot_ip, kinematics, **chosen)


def xacro_arguments(nodes):
    (publisher,) = [node for node in nodes if node.description]
    return dict(word.split(":=") for word in publisher.description[1:])


def executables(nodes):
    return [node.executable for node in nodes]


def test_every_xacro_argument_is_one_of_the_file():
    declared = set(re.findall(r'<xacro:arg name="(\w+)"', (HARDWARE / "ur_arm.urdf.xacro").read_text()))
    real = driver(mock=False, robot_ip="192.168.1.11", reverse_ip="192.168.1.1")
    assert set(xacro_arguments(arm_nodes(real))) | {"kinematics"} == declared


def test_mock_hardware_has_no_robot_and_tells_no_modes():
    nodes = arm_nodes(driver())
    assert "dashboard_client" not in executables(nodes)
    assert xacro_arguments(nodes)["use_mock_hardware"] == "true"
    assert executor_parameters(driver())["left.status"] == ""


def test_a_robot_has_its_dashboard_and_stops_its_controllers_only():
    nodes = arm_nodes(driver("right", False, "192.168.1.12", headless=True))
    assert {node.namespace for node in nodes} == {"right"}
    arguments = xacro_arguments(nodes)
    assert (arguments["use_mock_hardware"], arguments["robot_ip"]) == ("false", "192.168.1.12")
    (stopper,) = [node for node in nodes if node.executable == "controller_stopper_node"]
    assert "scaled_joint_trajectory_controller" not in stopper.parameters["consistent_controllers"]
    assert stopper.parameters["headless_mode"] is True
    assert executor_parameters(driver("right", False, "192.168.1.12"))["right.status"].startswith("right/")


def test_parameters_survive_the_file_that_launch_makes_of_them():
    for node in arm_nodes(driver("left", False, "192.168.1.11")):
        given = dict(node.parameters)
        assert yaml.safe_load(yaml.dump(given)) == given


def test_two_arms_stand_where_the_rig_says_and_share_no_port():
    left, right = (xacro_arguments(arm_nodes(driver(arm))) for arm in ("left", "right"))
    for name in ("reverse_port", "script_sender_port", "trajectory_port", "script_command_port"):
        assert left[name] != right[name]
    for arm, arguments in (("left", left), ("right", right)):
        place = np.array(arguments["xyz"].split(), float)
        np.testing.assert_allclose(place, RIG.world_from_base(arm)[:3, 3], atol=1e-6)
    assert abs(float(right["rpy"].split()[2])) == pytest.approx(np.pi, abs=1e-5)


@pytest.mark.parametrize("controller", ["scaled_joint_trajectory_controller", "joint_trajectory_controller"])
def test_the_controllers_file_moves_the_joints_that_the_executor_names(controller):
    text = (HARDWARE / "ur_controllers.yaml").read_text().replace("$(var arm)", "left")
    content = yaml.safe_load(text)
    section = content[f"/**/{controller}"]["ros__parameters"]
    assert tuple(section["joints"]) == joint_names("left")
    assert set(joint_names("left")) <= set(section["constraints"])
    spawned = [name for node in arm_nodes(driver(controller=controller)) for name in node.arguments]
    types = content["/**/controller_manager"]["ros__parameters"]
    names = {name for name in spawned if re.fullmatch(r"\w+_(controller|broadcaster)", name)}
    assert controller in names and len(names) == 4
    assert names <= set(types), "each has a type"


def test_mock_hardware_begins_at_the_planners_home():
    home = yaml.safe_load((HARDWARE / "home.yaml").read_text())
    for arm in ("left", "right"):
        np.testing.assert_allclose([home[name] for name in JOINT_NAMES], HOME_RAD[arm])


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"mock": False}, "left_robot_ip must be the IP address"),
        ({"mock": False, "robot_ip": "left-arm"}, "found 'left-arm'"),
        ({"kinematics": "nowhere.yaml"}, "left_kinematics: nowhere.yaml does not exist"),
        ({"ur_type": "ur10e"}, "ur_type is ur10e, but the planner knows"),
    ],
)
def test_what_a_person_wrote_wrong_is_one_clear_sentence(chosen, message):
    with pytest.raises(DreamitateError, match=message):
        driver(**chosen)


def test_two_arms_are_two_robots():
    one, other = (driver(arm, False, "192.168.1.11") for arm in ("left", "right"))
    require_apart([one, driver("right", False, "192.168.1.12")])
    require_apart([driver("left"), driver("right")])
    with pytest.raises(DreamitateError, match=r"are both 192.168.1.11; with one robot give arms:=left"):
        require_apart([one, other])

"""The graph's description: which nodes, which parameters, which middleware profile."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import yaml

from dreamitate_ros.configuration import config_directory
from dreamitate_ros.nodes.bringup import Settings, environment, graph

RIGS = config_directory() / "rigs"
POLICY_NODES = {"stereo_capture", "video_generator", "tool_tracker", "trajectory_executor", "policy"}


def by_name(settings):
    return {node.name: node for node in graph(settings)}


def test_simulation_starts_the_cell_and_hardware_the_guard():
    assert set(by_name(Settings(simulation=True))) == {"simulated_cell", *POLICY_NODES}
    assert set(by_name(Settings(simulation=False))) == {"motion_guard", *POLICY_NODES}


def test_a_tracker_of_the_users_own_takes_the_place_of_ours():
    assert "tool_tracker" in by_name(Settings())
    assert "tool_tracker" not in by_name(Settings(tracker="none"))


def test_every_node_is_a_module_and_an_executable():
    root = Path(__file__).parents[2]
    setup = (root / "setup.py").read_text()
    for node in [*graph(Settings(simulation=True)), *graph(Settings(simulation=False))]:
        assert (root / "dreamitate_ros" / "nodes" / f"{node.name}.py").is_file()
        assert f'"{node.name}"' in setup


def test_settings_reach_the_nodes_that_need_them(tmp_path):
    settings = Settings(
        simulation=True, tools="left=a,right=b", seed=7, episodes=str(tmp_path), require_approval=False
    )
    nodes = by_name(settings)
    assert nodes["simulated_cell"].parameters["seed"] == 7
    assert nodes["policy"].parameters["require_approval"] is False
    assert nodes["policy"].parameters["episodes"] == str(tmp_path)
    for name in ("tool_tracker", "trajectory_executor", "policy", "simulated_cell"):
        assert nodes[name].parameters["tools"] == "left=a,right=b"


def test_the_task_and_the_model_reach_those_that_need_them():
    nodes = by_name(
        Settings(
            simulation=True, task="sweep", generator="diffusion", model="m", sampling="small", memory="8GB"
        )
    )
    assert nodes["simulated_cell"].parameters["task"] == "sweep"
    assert nodes["video_generator"].parameters == {
        "generator": "diffusion", "model": "m", "sampling": "small", "memory": "8GB", "rig": str(RIGS / "cell.yaml"),
    }  # fmt: skip
    assert "model" not in by_name(Settings(simulation=True))["video_generator"].parameters


def test_a_task_brings_its_model_along_unless_another_is_chosen():
    def model(**chosen):
        return by_name(Settings(simulation=True, **chosen))["video_generator"].parameters.get("model")

    assert model(task="rotate_bold") == "small"
    assert model(task="rotate_bold", model="mine") == "mine"
    assert model(task="rotate") is None


def test_a_task_brings_its_simulated_cameras_along_unless_others_are_chosen():
    def rigs(simulation=True, **chosen):
        nodes = graph(Settings(simulation=simulation, task="push_shape_bold", **chosen))
        return {node.parameters.get("rig") for node in nodes}

    assert rigs() == {str(RIGS / "cell_close.yaml")}
    assert rigs(rig="mine.yaml") == {"mine.yaml"}
    assert None in rigs(simulation=False)
    assert len(rigs(simulation=False)) == 1


def test_on_hardware_a_person_approves_unless_told_otherwise():
    parameters = {}
    for node in graph(Settings(simulation=False)):
        if node.name == "policy":
            for file in node.parameter_files:
                parameters |= yaml.safe_load(file.read_text())["/**/policy"]["ros__parameters"]
            parameters |= node.parameters
    assert parameters["require_approval"] is True


def test_parameter_files_name_only_nodes_of_the_graph():
    for name in ("policy.yaml", "simulation.yaml"):
        content = yaml.safe_load((config_directory() / name).read_text())
        assert {key.removeprefix("/**/") for key in content} <= {
            "simulated_cell",
            "motion_guard",
            *POLICY_NODES,
        }


def test_middleware_profile_has_room_for_camera_images():
    profile = ElementTree.parse(environment(simulation=True)["FASTDDS_DEFAULT_PROFILES_FILE"])
    (segment,) = (entry for entry in profile.iter() if entry.tag.endswith("segment_size"))
    assert int(segment.text) >= 16 * 1280 * 720 * 3

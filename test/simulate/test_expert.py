import numpy as np
import pytest

from dreamitate_ros.errors import Cancelled
from dreamitate_ros.geometry import inverse, project
from dreamitate_ros.simulate.handheld import HandheldWorld
from dreamitate_ros.simulate.objects import random_object
from dreamitate_ros.simulate.oracle import OracleGenerator
from dreamitate_ros.simulate.scene import Scene
from dreamitate_ros.simulate.tasks import simulated_task
from dreamitate_ros.task import load_task
from dreamitate_ros.values import StereoImage

from .conftest import CONFIG

ROTATE = simulated_task("rotate")
UNTOUCHED = np.zeros(0)


def world(seed, rig, tools):
    return HandheldWorld(ROTATE, Scene(seed, UNTOUCHED), rig, tools)


def demonstrate(world, frames, fps, progress, stop):
    return ROTATE.demonstrate(world, frames, fps, progress, stop)


def quiet(share, what):
    pass


def go_on():
    return False


def yaw(state):
    w, x, y, z = state[3:7]  # the object's joint comes first
    return np.arctan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))


@pytest.mark.parametrize("seed", [1, 7, 106, 130])
def test_the_expert_turns_the_object_counter_clockwise(rig, tools, seed):
    done = demonstrate(world(seed, rig, tools), 13, 6.0, quiet, go_on)
    turned = (yaw(done.states[-1]) - yaw(done.states[0])) % (2 * np.pi)
    assert np.deg2rad(25) < turned < np.pi
    assert done.outcome.success
    for poses in done.world_from_tool.values():
        np.testing.assert_allclose(poses[-1], poses[-2], atol=0.002)
    np.testing.assert_allclose(done.states[-1, :7], done.states[-2, :7], atol=0.02)


def test_the_tools_come_from_out_of_view_and_stay_above_the_table(rig, tools):
    done = demonstrate(world(7, rig, tools), 13, 6.0, quiet, go_on)
    side_from_world = inverse(rig.world_from_top @ rig.top_from_side)
    for arm, poses in done.world_from_tool.items():
        corners = np.einsum("tij,nj->tni", poses[:, :3, :3], tools[arm].mesh.vertices) + poses[:, None, :3, 3]
        assert corners[..., 2].min() > 0.0
        for camera, from_world in ((rig.top, inverse(rig.world_from_top)), (rig.side, side_from_world)):
            seen = project(camera, corners[0] @ from_world[:3, :3].T + from_world[:3, 3])
            assert (seen[:, 1] > camera.height).all()


def test_the_same_seed_gives_the_same_demonstration(rig, tools):
    first, second = (demonstrate(world(11, rig, tools), 13, 6.0, quiet, go_on) for _ in range(2))
    np.testing.assert_array_equal(first.states, second.states)


def test_training_and_evaluation_share_no_family():
    kinds = [{random_object(first + seed)[0].kind for seed in range(60)} for first in (0, 900_000)]
    assert not kinds[0] & kinds[1]
    assert [len(each) for each in kinds] == [9, 6]


def test_seeds_vary_the_object():
    shapes = [random_object(seed)[0] for seed in range(40)]
    assert len({shape.kind for shape in shapes}) >= 6
    assert len({shape.mass_kg for shape in shapes}) == 40


def test_the_expert_stops_when_asked(rig, tools):
    with pytest.raises(Cancelled):
        demonstrate(world(7, rig, tools), 13, 6.0, quiet, lambda: True)


def test_the_oracle_video_starts_with_the_photos_and_shows_the_tools(rig, tools):
    seed = 7
    photo = np.zeros((rig.top.height, rig.top.width, 3), np.uint8)
    oracle = OracleGenerator(rig, tools, lambda: Scene(seed, UNTOUCHED))
    shown = []
    video = oracle.generate(
        StereoImage(photo, photo),
        load_task("rotate", CONFIG),
        0,
        lambda share, what: shown.append(share),
        go_on,
    )
    assert video.top.shape == video.side.shape == (13, rig.top.height, rig.top.width, 3)
    assert not video.top[0].any()
    assert shown == sorted(shown)
    assert shown[-1] == 1.0
    for frames in (video.top, video.side):
        white = (frames[8] > 180).all(axis=2).sum()  # the plates
        assert white > 2000

import mujoco
import numpy as np
import pytest

from dreamitate_ros.execute.kinematics import flange_jacobian, flange_pose, reach_excess_m, solve, with_turns
from dreamitate_ros.execute.ur5e import POSITION_LIMIT_RAD, add_arm, joint_names


@pytest.fixture(scope="module")
def joints():
    return np.random.default_rng(0).uniform(-3.1, 3.1, (200, 6))


def test_flange_pose_is_where_mujoco_puts_tool0(joints):
    spec = mujoco.MjSpec()
    add_arm(spec, "left", np.eye(4), None)
    model = spec.compile()
    data = mujoco.MjData(model)
    columns = [model.joint(name).qposadr[0] for name in joint_names("left")]
    for row in joints[:20]:
        data.qpos[columns] = row
        mujoco.mj_kinematics(model, data)
        site = data.site("left_tool0")
        pose = flange_pose(row)
        np.testing.assert_allclose(pose[:3, 3], site.xpos, atol=1e-9)
        np.testing.assert_allclose(pose[:3, :3], site.xmat.reshape(3, 3), atol=1e-9)


def test_flange_pose_at_zero_is_that_of_ur_description():
    # all joints 0: stretched along -x of the controller's base, which is +x of base_link
    np.testing.assert_allclose(flange_pose(np.zeros(6))[:3, 3], [0.8172, 0.2329, 0.0628], atol=1e-9)


def test_every_solution_reaches_the_pose_and_one_is_the_original(joints):
    poses = flange_pose(joints)
    solutions = solve(poses)
    assert solutions.shape == (200, 8, 6)
    for pose, row, found in zip(poses, joints, solutions, strict=True):
        found = found[np.isfinite(found).all(axis=1)]
        assert len(found) >= 2
        np.testing.assert_allclose(flange_pose(found), np.broadcast_to(pose, (len(found), 4, 4)), atol=1e-6)
        difference = np.mod(found - row + np.pi, 2 * np.pi) - np.pi
        assert np.abs(difference).max(axis=1).min() < 1e-5


def test_jacobian_is_the_derivative_of_the_flange(joints):
    step = 1e-6
    jacobian = flange_jacobian(joints[0])
    for joint in range(6):
        moved = joints[0].copy()
        moved[joint] += step
        linear = (flange_pose(moved) - flange_pose(joints[0]))[:3, 3] / step
        np.testing.assert_allclose(jacobian[:3, joint], linear, atol=1e-4)


def test_out_of_reach_has_no_solution_and_says_by_how_much():
    far = np.eye(4)
    far[:3, 3] = [1.3, 0.0, 0.3]
    assert np.isnan(solve(far)).all()
    distance_m, excess_m = reach_excess_m(far[None])
    assert 0.2 < excess_m[0] < 0.7
    assert distance_m[0] > 1.0


def test_reach_excess_is_zero_within_reach(joints):
    np.testing.assert_allclose(reach_excess_m(flange_pose(joints))[1], 0.0, atol=1e-9)


def test_turns_stay_within_the_limits_and_reach_the_same_pose(joints):
    turned = with_turns(joints[0])
    assert len(turned) == 32  # the elbow has no second turn
    assert (np.abs(turned) <= POSITION_LIMIT_RAD).all()
    np.testing.assert_allclose(flange_pose(turned), np.tile(flange_pose(joints[0]), (32, 1, 1)), atol=1e-9)

"""What is started of other packages: their names as their own launch files spell them."""

import pytest

from dreamitate_ros.errors import DreamitateError
from dreamitate_ros.nodes.drivers import camera_nodes

REALSENSE_PARAMETERS = {  # of realsense2_camera's rs_launch.py
    "camera_name", "serial_no", "enable_color", "enable_depth", "enable_infra1", "enable_infra2",
    "rgb_camera.color_profile", "rgb_camera.color_format", "rgb_camera.enable_auto_exposure", "publish_tf",
}  # fmt: skip


def test_two_cameras_publish_where_the_policy_listens():
    top, side = camera_nodes("832112070255", "_832112070256", 30)
    assert (top.namespace, top.name, side.name) == ("", "top", "side")
    for node in (top, side):
        assert (node.package, node.executable) == ("realsense2_camera", "realsense2_camera_node")
        assert set(node.parameters) <= REALSENSE_PARAMETERS
        assert node.parameters["rgb_camera.color_profile"] == "1280x720x30"
    assert top.parameters["serial_no"] == "_832112070255"
    assert side.parameters["serial_no"] == "_832112070256"


@pytest.mark.parametrize(
    ("top", "side", "message"),
    [("", "1", "top_serial"), ("1", "two words", "side_serial"), ("12", "_12", "needs two cameras")],
)
def test_a_missing_or_repeated_serial_number_is_one_clear_sentence(top, side, message):
    with pytest.raises(DreamitateError, match=message):
        camera_nodes(top, side, 30)

"""The cell's cameras as realsense2_camera publishes them; drawn in a thread that physics never waits for."""

import threading
import time
from dataclasses import dataclass, field

import mujoco
import numpy as np
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo, Image

from dreamitate_ros import values
from dreamitate_ros.nodes import messages
from dreamitate_ros.nodes.images import image_message
from dreamitate_ros.rig import Rig
from dreamitate_ros.simulate.cell import place_for_drawing
from dreamitate_ros.simulate.rendering import CameraRenderer
from dreamitate_ros.simulate.runner import CellRunner
from dreamitate_ros.simulate.scene import OVERVIEW, photo_cameras
from dreamitate_ros.simulate.variation import VIEWS, exposed

STILL_RAD = 1e-4  # nothing in the cell moved further than this (m or rad): the last picture still holds
IDLE_S = 0.02


@dataclass
class _Stream:
    """One or more cameras drawn at the same instant."""

    cameras: dict[str, values.Camera]
    period_s: float
    due_s: float = 0.0
    drawn: np.ndarray | None = None
    pictures: dict[str, values.Image] = field(default_factory=dict)


class CellCameras:
    """Publishes `top` and `side` together at rate_hz, `overview` at overview_rate_hz, while anybody listens.

    Raises DreamitateError(STAGE_UNAVAILABLE) from the constructor where nothing can be drawn.
    """

    def __init__(
        self, node: Node, runner: CellRunner, rig: Rig, rate_hz: float, overview_rate_hz: float
    ) -> None:
        self._node, self._runner = node, runner
        self._streams = [
            _Stream(photo_cameras(rig), 1 / rate_hz),
            _Stream({"overview": OVERVIEW}, 1 / overview_rate_hz),
        ]
        qos = QoSProfile(depth=2)  # drivers publish with the system's defaults: reliable
        self._publishers = {
            name: (
                node.create_publisher(Image, f"{name}/color/image_raw", qos),
                node.create_publisher(CameraInfo, f"{name}/color/camera_info", qos),
            )
            for stream in self._streams
            for name in stream.cameras
        }
        self.render_ms = 0.0
        self._counted, self._since_s = 0, time.monotonic()
        self._ending, self._ready = threading.Event(), threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="cameras", daemon=True)
        self._thread.start()
        self._ready.wait()
        if self._error is not None:
            raise self._error

    def rate_hz(self) -> float:
        """Pictures drawn per second since this was asked last."""
        now_s = time.monotonic()
        rate = self._counted / max(now_s - self._since_s, 1e-3)
        self._counted, self._since_s = 0, now_s
        return rate

    def close(self) -> None:
        """End the thread; a picture in work is finished first: the renderer must not outlive its thread."""
        self._ending.set()
        self._thread.join(timeout=20.0)

    def _run(self) -> None:
        try:
            model, _ = self._runner.pose()
            data, renderer = mujoco.MjData(model), CameraRenderer(model)
        except Exception as error:  # told by the constructor, in the node's thread
            self._error = error
            return
        finally:
            self._ready.set()
        while not self._ending.is_set():
            current, qpos = self._runner.pose()
            if current is not model:
                renderer.close()
                model = current
                data, renderer = mujoco.MjData(model), CameraRenderer(model)
                for stream in self._streams:
                    stream.drawn = None
            due = [stream for stream in self._streams if stream.due_s <= time.monotonic()]
            for stream in due:
                stream.due_s = time.monotonic() + stream.period_s
                self._publish(stream, model, data, renderer, qpos)
            self._ending.wait(IDLE_S)
        renderer.close()

    def _publish(
        self,
        stream: _Stream,
        model: mujoco.MjModel,
        data: mujoco.MjData,
        renderer: CameraRenderer,
        qpos: values.Array,
    ) -> None:
        heard = [
            name for name in stream.cameras if any(p.get_subscription_count() for p in self._publishers[name])
        ]
        if not heard:
            return
        stamp = messages.time_message(self._runner.now_s)
        if stream.drawn is None or np.abs(qpos - stream.drawn).max() > STILL_RAD:
            stream.drawn, stream.pictures = qpos, {}
        place_for_drawing(model, data, stream.drawn)
        for name in heard:
            if self._ending.is_set():
                return
            if name not in stream.pictures:
                stream.pictures[name] = self._draw(renderer, data, name)
            image, info = self._publishers[name]
            frame = f"{name}_color_optical_frame"
            image.publish(image_message(stream.pictures[name], stamp, frame))
            info.publish(messages.camera_info_message(stream.cameras[name], stamp, frame))

    def _draw(self, renderer: CameraRenderer, data: mujoco.MjData, name: str) -> values.Image:
        start_s = time.monotonic()
        picture = renderer.render(data, name)
        if name in VIEWS:
            picture = exposed(picture, self._runner.cell.seed, name)
        took_ms = 1e3 * (time.monotonic() - start_s)
        self.render_ms = took_ms if self.render_ms == 0 else 0.8 * self.render_ms + 0.2 * took_ms
        self._counted += 1
        return picture

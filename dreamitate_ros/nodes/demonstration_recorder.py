"""Records demonstrations from people: both cameras, in takes, each judged as soon as it ends.

`ros2 service call /demonstration_recorder/toggle std_srvs/srv/Trigger` starts and stops a take; `dreamitate record`
does it with the space bar. What the takes show: `ros2 param set /demonstration_recorder caption "..."`.
"""

import queue
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
from rcl_interfaces.msg import ParameterDescriptor
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import Image
from std_msgs.msg import String
from std_srvs.srv import Trigger

from dreamitate_ros.capture.pairing import View
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.nodes import parameters
from dreamitate_ros.nodes.images import image_array, image_message
from dreamitate_ros.nodes.lifetime import run_node
from dreamitate_ros.nodes.live_cameras import LiveCameras
from dreamitate_ros.record.library import Take, TakeLibrary
from dreamitate_ros.record.pair_stream import PairStream
from dreamitate_ros.record.preview import draw_preview
from dreamitate_ros.record.take_writer import TakeWriter
from dreamitate_ros.record.trackable import check_tracking
from dreamitate_ros.task import load_task
from dreamitate_ros.tool import load_tools

LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
PREVIEW_EVERY_S = 0.2
WAITING_PAIRS = 90  # that may wait for the encoder: 3 s; more are lost, and the take is rejected for it
LAST_PAIRS_S = 0.3  # what was exposed before the stop still arrives


class DemonstrationRecorder(Node):
    """Services ~/toggle, ~/start, ~/stop, ~/discard, ~/summary; topics ~/status and ~/preview."""

    def __init__(self) -> None:
        super().__init__("demonstration_recorder")
        config = parameters.config(self)
        self._task = load_task(parameters.text(self, "task", "rotate", "what the takes are for"), config)
        about = ParameterDescriptor(description="what the takes show, as the model is told it")
        self.declare_parameter("caption", self._task.prompt, about)
        self._fps = parameters.number(self, "camera_fps", 30.0, "images per second of the cameras", 1, 120)
        folder = Path(parameters.text(self, "folder", f"takes_{self._task.name}", "of all takes"))
        self._check = parameters.flag(
            self, "check_tracking", True, "reject takes whose tools cannot be tracked"
        )
        self._rig = parameters.rig(self)
        directories = parameters.tool_directories(self)
        self._tools = load_tools(self._task.arm_tools, config, directories) if self._check else {}
        self._cameras = LiveCameras(self, self._take_image)
        self._library = TakeLibrary(folder, self._task.frames / self._task.fps, self._cameras.max_skew_s)
        self._lock = threading.RLock()
        self._pairs: queue.Queue = queue.Queue(maxsize=WAITING_PAIRS)
        self._stream: PairStream[Image] | None = None
        self._writer: TakeWriter | None = None
        self._started_s = 0.0
        self._verdict, self._last = "", 0
        self._closing = threading.Event()
        self._checks = ThreadPoolExecutor(max_workers=1, thread_name_prefix="check")
        self._encoder = threading.Thread(target=self._encode, name="encoder", daemon=True)
        self._encoder.start()
        self._status = self.create_publisher(String, "~/status", LATCHED)
        self._preview = self.create_publisher(Image, "~/preview", 1)
        group = MutuallyExclusiveCallbackGroup()  # a second press of the key waits for the first
        for name, act in (
            ("toggle", self._toggle), ("start", self._start), ("stop", self._stop), ("discard", self._discard),
        ):  # fmt: skip
            self.create_service(Trigger, f"~/{name}", self._answering(act, self._tell), callback_group=group)
        summary = self._answering(self._library.summary, lambda _: None)
        self.create_service(Trigger, "~/summary", summary, callback_group=group)
        self.create_timer(PREVIEW_EVERY_S, self._show, callback_group=MutuallyExclusiveCallbackGroup())
        for take in self._library.recover():
            self._tell(f"recovered from an earlier recording: {_words(take)}")
        self._tell(f"ready; {self._library.summary().splitlines()[0]}")

    def close(self) -> None:
        """Finish the take in work; checks that have not begun are left out."""
        if self._writer is not None:
            self._stop()
        self._closing.set()
        self._checks.shutdown(wait=False, cancel_futures=True)

    def _toggle(self) -> str:
        return self._start() if self._writer is None else self._stop()

    def _start(self) -> str:
        with self._lock:
            if self._writer is not None:
                raise DreamitateError(ErrorCode.BUSY, "a take is being recorded; stop it first")
            self._cameras.pair()  # refuses with what is wrong with the cameras
            caption = str(self.get_parameter("caption").value)
            self._writer = self._library.begin(caption, self._task.name, self._fps)
            self._stream = PairStream(self._cameras.max_skew_s)
            self._started_s = time.monotonic()
        return "recording"

    def _stop(self) -> str:
        with self._lock:
            if self._writer is None:
                raise DreamitateError(ErrorCode.INVALID_PARAMETER, "nothing is being recorded; start first")
        time.sleep(LAST_PAIRS_S)
        with self._lock:
            self._stream = None
        self._pairs.join()
        with self._lock:
            writer, self._writer = self._writer, None
        take = self._library.finish(writer.close())
        self._last = take.number
        if take.good and self._check:
            self._checks.submit(self._judge, take)
            return f"{_words(take)}; looking whether the tools can be tracked"
        return _words(take)

    def _discard(self) -> str:
        if not self._last:
            raise DreamitateError(ErrorCode.INVALID_PARAMETER, "no take was recorded since the start")
        return _words(self._library.judge(self._last, ("discarded by the person",), {}))

    def _judge(self, take: Take) -> None:
        """In a thread of its own: recording goes on meanwhile."""
        videos = [self._library.video(view, take.number) for view in ("top", "side")]
        try:
            reasons, facts = check_tracking(
                *videos,
                take.facts["fps"],
                self._task,
                self._rig,
                self._tools,
                lambda *_: None,
                self._closing.is_set,
            )
        except DreamitateError as error:
            reasons, facts = (error.message,), {}
        if not self._closing.is_set():
            with self._lock:
                judged = self._library.judge(take.number, reasons, facts)
            self._tell(f"{_words(judged)}; {self._library.summary().splitlines()[0]}")

    def _take_image(self, view: View, stamp_s: float, message: Image) -> None:
        """Pairs go to the encoder as they come."""
        with self._lock:
            pairs = [] if self._stream is None else self._stream.add(view, stamp_s, message)
        for pair in pairs:
            if not self._pairs.full():
                self._pairs.put(pair)

    def _encode(self) -> None:
        while not self._closing.is_set():
            try:
                (top_s, top), (side_s, side) = self._pairs.get(timeout=0.2)
            except queue.Empty:
                continue
            try:
                self._writer.add(image_array(top), image_array(side), top_s, side_s)
            except Exception as error:  # the take will lack a frame, and say so
                self.get_logger().error(f"a pair was not recorded: {error!r}")
            finally:
                self._pairs.task_done()

    def _show(self) -> None:
        if not self._preview.get_subscription_count():
            return
        try:
            photos = self._cameras.pair()
        except DreamitateError as error:
            picture = np.zeros((400, 1280, 3), np.uint8)
            cv2.putText(picture, error.message, (12, 200), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (255, 90, 90), 1)
            self._preview.publish(image_message(picture))
            return
        writer = self._writer
        recorded_s = None if writer is None else time.monotonic() - self._started_s
        size = (self._rig.top.width, self._rig.top.height)
        pairs = 0 if writer is None else writer.pairs
        self._preview.publish(image_message(draw_preview(photos, size, recorded_s, pairs, self._verdict)))

    def _answering(self, act, tell):
        def answer(_: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
            try:
                response.message, response.success = act(), True
            except DreamitateError as error:
                response.message = error.message
            tell(response.message)
            return response

        return answer

    def _tell(self, text: str) -> None:
        self._verdict = text.splitlines()[0]
        self._status.publish(String(data=text))
        self.get_logger().info(text)


def _words(take: Take) -> str:
    frames = f"{take.facts['frames']} frames at {take.facts['fps']:g} per second"
    return f"take {take.number}: " + (
        f"good, {frames}" if take.good else f"REJECTED: {'; '.join(take.reasons)}"
    )


def main() -> int:
    """Entry point of `ros2 run dreamitate_ros demonstration_recorder`."""
    return run_node(DemonstrationRecorder)


if __name__ == "__main__":
    sys.exit(main())

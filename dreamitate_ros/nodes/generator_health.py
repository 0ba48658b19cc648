"""What the video generator tells /diagnostics: what it is doing, how long it took, how much memory it holds."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.node import Node

from dreamitate_ros.errors import Cancelled, DreamitateError

if TYPE_CHECKING:
    from dreamitate_ros.generate.diffusion.generator import DiffusionGenerator

EVERY_S = 2.0


class Watch:
    """The time that one video takes."""

    def __init__(self) -> None:
        self._started_s = time.monotonic()
        self._ended_s: float | None = None

    def end(self) -> None:
        """It is there."""
        self._ended_s = time.monotonic()

    @property
    def elapsed_s(self) -> float:
        """Until its end or, before that, until now."""
        return (self._ended_s or time.monotonic()) - self._started_s


class GeneratorHealth:
    """Publishes every EVERY_S. An error stays in the report until the next video is there."""

    def __init__(self, node: Node, generator: str, model: "DiffusionGenerator | None") -> None:
        self._node, self._generator, self._model = node, generator, model
        self._memory = model.memory if model else None
        self._running: Watch | None = None
        self._last: Watch | None = None
        self._videos, self._error = 0, ""
        self._publisher = node.create_publisher(DiagnosticArray, "/diagnostics", 10)
        node.create_timer(EVERY_S, self._publish)

    @contextmanager
    def imagining(self) -> Iterator[Watch]:
        """Around the making of one video."""
        watch = self._running = Watch()
        try:
            yield watch
        except Cancelled:
            raise
        except DreamitateError as error:
            self._error = error.message
            raise
        else:
            watch.end()
            self._last, self._error = watch, ""
            self._videos += 1
        finally:
            self._running = None

    def _publish(self) -> None:
        level, message = self._state()
        facts = {"generator": self._generator, "videos": str(self._videos)}
        if self._last is not None:
            facts["latency_s"] = f"{self._last.elapsed_s:.2f}"
        if self._model is not None:
            facts |= {
                "device": "cuda" if self._model.is_on_gpu else "cpu",
                "memory_gb": f"{self._model.memory_gb:.2f}",
                "frames_decoded_at_once": str(self._model.memory.decode_window),
                "offload": self._model.memory.offload,
                "steps": str(self._model.sampling.steps),
            }
        values = [KeyValue(key=key, value=value) for key, value in facts.items()]
        status = DiagnosticStatus(name="video_generator", level=level, message=message, values=values)
        array = DiagnosticArray(status=[status])
        array.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(array)

    def _state(self) -> tuple[bytes, str]:
        running = self._running
        if running is not None:
            return DiagnosticStatus.OK, f"imagining for {running.elapsed_s:.0f} s"
        if self._error:
            return DiagnosticStatus.ERROR, self._error
        if self._model is not None and self._model.memory != self._memory:
            return DiagnosticStatus.WARN, "memory ran out; it goes on with a smaller preset"
        return DiagnosticStatus.OK, "ready"

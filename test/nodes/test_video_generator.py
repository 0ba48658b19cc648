"""The generator diffusion as a node, over real DDS, with a model of toy size."""

import json
import os
import subprocess
import sys
import time

import numpy as np
import pytest
from action_msgs.msg import GoalStatus
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from sensor_msgs.msg import Image

from dreamitate_msgs.action import GenerateVideo
from dreamitate_ros.configuration import config_directory
from dreamitate_ros.errors import Cancelled, DreamitateError, ErrorCode
from dreamitate_ros.generate.diffusion.description import ModelDescription
from dreamitate_ros.generate.diffusion.new_model import new_model
from dreamitate_ros.generate.diffusion.settings import MEMORY, SAMPLING
from dreamitate_ros.nodes import messages
from dreamitate_ros.nodes.action_client import ActionClient
from dreamitate_ros.nodes.bringup import environment
from dreamitate_ros.nodes.generator_health import GeneratorHealth
from dreamitate_ros.rig import load_rig
from dreamitate_ros.values import StereoImage

PATIENCE_S = 90.0
MODEL = ModelDescription(48, 28, (32, 32), (True, False), 1, 16, (32, 32), 1, 4, 8, 1, 2, False, 0.002, 700.0)
RIG = load_rig(config_directory() / "rigs" / "cell.yaml")


@pytest.fixture
def bench(spun):
    return spun("bench")


@pytest.fixture
def generator(tmp_path):
    new_model(MODEL, 0).save_pretrained(tmp_path / "model")
    chosen = {"generator": "diffusion", "model": str(tmp_path / "model"), "sampling": "small", "steps": 3}
    words = [word for name, value in chosen.items() for word in ("-p", f"{name}:={json.dumps(value)}")]
    process = subprocess.Popen(
        [sys.executable, "-m", "dreamitate_ros.nodes.start", "video_generator", "--ros-args", *words],
        env=os.environ | environment(simulation=True),
    )
    yield process
    process.terminate()
    assert process.wait(PATIENCE_S) == 0


def until(condition, what):
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline_s, f"no {what}"
        time.sleep(0.02)


def answer(future, what):
    until(future.done, what)
    return future.result()


def goal():
    random = np.random.default_rng(0)
    photos = StereoImage(*(random.integers(0, 255, (448, 768, 3), dtype=np.uint8) for _ in range(2)))
    return GenerateVideo.Goal(
        task="rotate", photos=messages.stereo_pair_message(photos, RIG.top, RIG.side), seed=4
    )


@pytest.mark.usefixtures("generator")
def test_it_imagines_shows_and_reports(bench):
    previews, reports = [], []
    bench.create_subscription(Image, "video_generator/preview", previews.append, 50)
    bench.create_subscription(DiagnosticArray, "/diagnostics", lambda m: reports.extend(m.status), 10)
    client = ActionClient(bench, GenerateVideo, "generate_video")
    assert client.wait_for_server(PATIENCE_S)

    first = answer(client.send_goal_async(goal()), "answer to the goal")
    busy = answer(client.send_goal_async(goal()), "answer to the second goal")
    refused = answer(busy.get_result_async(), "result of the second goal").result
    assert refused.error_code == ErrorCode.BUSY
    result = answer(first.get_result_async(), "video").result
    assert (result.error_code, result.error_msg) == (0, "")
    video = messages.stereo_video(result.video)
    assert video.top.shape == video.side.shape == (13, 28, 48, 3)  # the model's

    until(lambda: any((m.width, m.height) == (2 * 24, 14) for m in previews), "preview of both views")
    until(lambda: any(facts(report).get("videos") == "1" for report in reports), "report")
    report = reports[-1]
    assert (report.name, report.level, report.message) == ("video_generator", DiagnosticStatus.OK, "ready")
    told = facts(report)
    assert (told["device"], told["steps"]) == ("cpu", "3")
    assert float(told["latency_s"]) == pytest.approx(result.compute_s, abs=0.01)
    assert float(told["memory_gb"]) > 0.1

    cancelled = answer(client.send_goal_async(goal()), "answer to the third goal")
    answer(cancelled.cancel_goal_async(), "answer to the cancel")
    ended = answer(cancelled.get_result_async(), "end of the third goal")
    assert ended.status == GoalStatus.STATUS_CANCELED
    assert ended.result.error_code == ErrorCode.CANCELLED


def facts(report):
    return {value.key: value.value for value in report.values}


class FullDevice:
    """As a generator whose device ran out of memory once."""

    sampling, memory, memory_gb, is_on_gpu = SAMPLING["paper"], MEMORY["24GB"], 23.5, True


def test_its_report_tells_of_errors_and_of_memory_that_ran_out(bench):
    reports = []
    model = FullDevice()
    health = GeneratorHealth(bench, "diffusion", model)
    bench.create_subscription(DiagnosticArray, "/diagnostics", lambda m: reports.extend(m.status), 10)

    def told(level, words):
        until(lambda: any(r.level == level and words in r.message for r in reports), words)

    told(DiagnosticStatus.OK, "ready")
    with pytest.raises(Cancelled), health.imagining():
        told(DiagnosticStatus.OK, "imagining for")
        raise Cancelled("imagining")
    with pytest.raises(DreamitateError), health.imagining():
        raise DreamitateError(ErrorCode.OUT_OF_MEMORY, "nothing fits")
    told(DiagnosticStatus.ERROR, "nothing fits")
    model.memory = MEMORY["14GB"]
    with health.imagining():
        pass
    told(DiagnosticStatus.WARN, "smaller preset")
    assert facts(reports[-1])["offload"] == "model"

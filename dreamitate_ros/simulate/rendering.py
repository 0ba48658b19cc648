"""Headless pictures of a MuJoCo model, through EGL; needs no display and no GPU."""

import ctypes.util
import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import mujoco
import numpy as np

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.execute import collision_groups as groups
from dreamitate_ros.values import Image

NO_EGL = (
    "the simulated cell cannot draw: EGL does not work on this machine ({reason})."
    " Install the Debian packages libegl1 and libgl1-mesa-dri (apt install libegl1 libgl1-mesa-dri)"
)


MOST_GEOMS = 2000  # drawn at once; grains are many


class CameraRenderer:
    """Draws what named cameras of one model see. Use it and close it in the thread that made it.

    samples: per pixel, against jagged edges; 4 take about twice the time of none on a software renderer.
    cameras: those that will be asked for, None for all; each picture costs what the largest of them does.
    Raises DreamitateError(STAGE_UNAVAILABLE) naming the Debian packages when EGL does not work.
    """

    def __init__(self, model: mujoco.MjModel, samples: int = 0, cameras: Sequence[str] | None = None) -> None:
        chosen = [model.camera(name).id for name in cameras or ()] or slice(None)
        width, height = (int(size) for size in model.cam_resolution[chosen].max(axis=0))
        model.vis.global_.offwidth, model.vis.global_.offheight = width, height
        model.vis.quality.offsamples = samples
        self._model = model
        self._gl = _egl_context(width, height)
        self._gl.make_current()
        self._scene = mujoco.MjvScene(model, maxgeom=MOST_GEOMS)
        self._context = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_100.value)
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN.value, self._context)
        self._option = mujoco.MjvOption()
        self._option.geomgroup[:] = 0
        self._option.geomgroup[groups.VISIBLE] = 1
        self._option.sitegroup[:] = 0

    def render(self, data: mujoco.MjData, camera: str) -> Image:
        """(H, W, 3) uint8 RGB of `data` at the camera's own size; data's kinematics must be up to date."""
        view = mujoco.MjvCamera()
        view.type = mujoco.mjtCamera.mjCAMERA_FIXED
        view.fixedcamid = self._model.camera(camera).id
        width, height = (int(size) for size in self._model.cam_resolution[view.fixedcamid])
        viewport, pixels = mujoco.MjrRect(0, 0, width, height), np.empty((height, width, 3), np.uint8)
        self._gl.make_current()
        mujoco.mjv_updateScene(
            self._model, data, self._option, None, view, mujoco.mjtCatBit.mjCAT_ALL.value, self._scene
        )
        mujoco.mjr_render(viewport, self._scene, self._context)
        mujoco.mjr_readPixels(pixels, None, viewport, self._context)
        return np.ascontiguousarray(pixels[::-1])

    def close(self) -> None:
        """Give the drawing memory back; once more does nothing."""
        if self._gl is None:
            return
        self._gl.make_current()
        self._context.free()
        self._gl.free()
        self._gl = None


NICE = 10  # of a software renderer's own threads: they take what physics leaves


def _egl_context(width: int, height: int) -> Any:
    if ctypes.util.find_library("EGL") is None:
        raise DreamitateError(ErrorCode.STAGE_UNAVAILABLE, NO_EGL.format(reason="libEGL is missing"))
    try:
        from mujoco.egl import GLContext

        # those threads inherit the priority of the thread that makes the context, so another one makes it
        with ThreadPoolExecutor(1, initializer=_be_nice) as maker:
            return maker.submit(GLContext, width, height).result()
    except Exception as error:  # PyOpenGL raises many types, and ImportError for a missing driver
        raise DreamitateError(ErrorCode.STAGE_UNAVAILABLE, NO_EGL.format(reason=error)) from None


def _be_nice() -> None:
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)

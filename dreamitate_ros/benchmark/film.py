"""Filming a tool that a hand moves over the simulated table: both views, time by time, with the pose known."""

from dataclasses import dataclass

import mujoco
import numpy as np

from dreamitate_ros.benchmark.hand import Hand, forearm_ends
from dreamitate_ros.execute import collision_groups as groups
from dreamitate_ros.execute.arm_shapes import add_tool_geoms
from dreamitate_ros.rig import Rig
from dreamitate_ros.simulate.objects import add_object, random_object
from dreamitate_ros.simulate.person import skin_colour
from dreamitate_ros.simulate.rendering import CameraRenderer
from dreamitate_ros.simulate.scene import empty_scene
from dreamitate_ros.tool import Tool
from dreamitate_ros.values import Array, StereoVideo

FPS = 6.0
OUT_OF_SIGHT_M = np.array([0.0, -3.0, 0.5])


@dataclass(frozen=True)
class Actor:
    """A tool in a hand. shown: (2, T, 4, 4) world_from_tool as the top and the side view show it."""

    tool: Tool
    hand: Hand
    shown: Array


def film(rig: Rig, actors: list[Actor], seed: int) -> StereoVideo:
    """The scene of a seed (table, light, an object), with the actors from time 1 on."""
    model = _model(rig, actors, seed)
    data = mujoco.MjData(model)
    views: list[list[np.ndarray]] = [[], []]
    renderer = CameraRenderer(model, samples=4)
    try:
        for time in range(actors[0].shown.shape[1] if actors else 13):
            for view, name in enumerate(("top_model", "side_model")):
                for index, actor in enumerate(actors):
                    _place(data, index, actor, None if time == 0 else actor.shown[view, time])
                mujoco.mj_kinematics(model, data)
                mujoco.mj_camlight(model, data)
                views[view].append(renderer.render(data, name))
    finally:
        renderer.close()
    return StereoVideo(np.stack(views[0]), np.stack(views[1]), FPS)


def _model(rig: Rig, actors: list[Actor], seed: int) -> mujoco.MjModel:
    spec = empty_scene(rig, seed)
    shape, world_from_object = random_object(seed)
    add_object(spec, shape, _out_of_the_way(world_from_object, actors, np.random.default_rng([seed, 11])))
    for index, actor in enumerate(actors):
        body = spec.worldbody.add_body(name=f"tool_{index}", mocap=True)
        if getattr(actor.tool.mesh.visual, "uv", None) is not None:
            add_tool_geoms(spec, body, f"tool_{index}", actor.tool)
        else:
            _add_plain(spec, body, index, actor.tool)
        actor.hand.add_to(body, skin_colour(seed))
        forearm = spec.worldbody.add_body(name=f"forearm_{index}", mocap=True)
        forearm.add_geom(
            type=mujoco.mjtGeom.mjGEOM_CAPSULE, fromto=[0, 0, 0, 0, 0, 0.5], size=[0.029, 0, 0],
            rgba=skin_colour(seed), group=groups.VISIBLE, contype=0, conaffinity=0,
        )  # fmt: skip
    return spec.compile()


def _out_of_the_way(world_from_object: Array, actors: list[Actor], random: np.random.Generator) -> Array:
    """The object where no tool passes through it, if there is such a place."""
    passed = np.concatenate([actor.shown[0, 1:, :2, 3] for actor in actors] or [np.full((1, 2), 9.0)])
    places = random.uniform([-0.32, -0.16], [0.32, 0.20], (60, 2))
    clearance = np.linalg.norm(places[:, None] - passed[None], axis=2).min(axis=1)
    result = world_from_object.copy()
    result[:2, 3] = places[np.argmax(np.minimum(clearance, 0.18))]
    return result


def _add_plain(spec: mujoco.MjSpec, body: mujoco.MjsBody, index: int, tool: Tool) -> None:
    """One mesh for each of the tool's colours."""
    colors = np.asarray(tool.mesh.visual.vertex_colors)[tool.mesh.faces].mean(axis=1).round().astype(int)
    for number, color in enumerate(np.unique(colors, axis=0)):
        faces = np.asarray(tool.mesh.faces)[(colors == color).all(axis=1)]
        mesh = spec.add_mesh(name=f"tool_{index}_{number}")
        mesh.uservert = np.asarray(tool.mesh.vertices, float).ravel()
        mesh.userface = faces.ravel()
        mesh.inertia = mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL
        body.add_geom(
            type=mujoco.mjtGeom.mjGEOM_MESH, meshname=mesh.name, rgba=color / 255.0, mass=0,
            group=groups.VISIBLE, contype=0, conaffinity=0, pos=[0, 0, 0], quat=[1, 0, 0, 0],
        )  # fmt: skip


def _place(data: mujoco.MjData, index: int, actor: Actor, world_from_tool: Array | None) -> None:
    tool, forearm = (data.model.body(f"{name}_{index}").mocapid[0] for name in ("tool", "forearm"))
    if world_from_tool is None:
        data.mocap_pos[[tool, forearm]] = OUT_OF_SIGHT_M
        return
    data.mocap_pos[tool] = world_from_tool[:3, 3]
    mujoco.mju_mat2Quat(data.mocap_quat[tool], np.ascontiguousarray(world_from_tool[:3, :3]).reshape(9))
    start, end = forearm_ends(world_from_tool, actor.hand.wrist_m)
    data.mocap_pos[forearm] = start
    mujoco.mju_quatZ2Vec(data.mocap_quat[forearm], (end - start) / np.linalg.norm(end - start))

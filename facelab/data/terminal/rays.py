"""A small ray caster: axis-aligned panels and upright cylinders under ceiling lamps, over a polished floor.

It draws each camera's empty scene once, with its depth at every pixel (people are hidden by what stands nearer).
Colours are linear light in BGR, about 1 for a white wall under the lamps; `tone_mapped` makes the 8-bit picture.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import cv2
import numpy as np

from facelab.data.terminal.camera import Array, Camera

Colour: TypeAlias = tuple[float, float, float]
Material: TypeAlias = Callable[[Array, Array], Array]
SUPERSAMPLING = 1.5


@dataclass(frozen=True)
class Panel:
    """A rectangle at `at` on `axis` (0 x, 1 y, 2 z), from `low` to `high` on the two other axes in their order."""

    axis: int
    at: float
    low: tuple[float, float]
    high: tuple[float, float]
    material: Material
    glow: float = 0.0

    @property
    def others(self) -> tuple[int, int]:
        """The two axes in which the panel lies."""
        return ((1, 2), (0, 2), (0, 1))[self.axis]

    def corners(self) -> Array:
        """(4, 3) world points."""
        points = np.empty((4, 3))
        points[:, self.axis] = self.at
        points[:, self.others[0]] = [self.low[0], self.high[0], self.high[0], self.low[0]]
        points[:, self.others[1]] = [self.low[1], self.low[1], self.high[1], self.high[1]]
        return points

    def hit(self, origin: Array, rays: Array) -> tuple[Array, Array, Array]:
        """Ray parameter (inf where missed), and the two coordinates on the panel."""
        i, j = self.others
        with np.errstate(divide="ignore", invalid="ignore"):
            t = (self.at - origin[self.axis]) / rays[..., self.axis]
            u, v = origin[i] + t * rays[..., i], origin[j] + t * rays[..., j]
        inside = (t > 0.05) & (u >= self.low[0]) & (u <= self.high[0]) & (v >= self.low[1]) & (v <= self.high[1])
        return np.where(inside, t, np.inf), u, v

    def normals(self, points: Array, origin: Array) -> Array:
        """(n, 3) normals at points (n, 3), on the side of `origin`."""
        normals = np.zeros(points.shape, dtype=np.float32)
        normals[:, self.axis] = np.sign(origin[self.axis] - self.at)
        return normals


@dataclass(frozen=True)
class Cylinder:
    """An upright round column: centre (x, z), radius, from `low` to `high` metres."""

    x: float
    z: float
    radius: float
    low: float
    high: float
    material: Material
    glow: float = 0.0

    def corners(self) -> Array:
        """(8, 3) corners of the box around it."""
        x, z, r = self.x, self.z, self.radius
        return np.array([(x + a * r, y, z + b * r) for a in (-1, 1) for b in (-1, 1) for y in (self.low, self.high)])

    def hit(self, origin: Array, rays: Array) -> tuple[Array, Array, Array]:
        """Ray parameter (inf where missed), the turn around the axis, and the height."""
        dx, dz = rays[..., 0], rays[..., 2]
        ox, oz = origin[0] - self.x, origin[2] - self.z
        a, b, c = dx * dx + dz * dz, dx * ox + dz * oz, ox * ox + oz * oz - self.radius**2
        root = b * b - a * c
        t = (-b - np.sqrt(np.maximum(root, 0))) / a
        y = origin[1] + t * rays[..., 1]
        inside = (root > 0) & (t > 0.05) & (y >= self.low) & (y <= self.high)
        turn = np.arctan2(oz + t * dz, ox + t * dx)
        return np.where(inside, t, np.inf), turn, y

    def normals(self, points: Array, origin: Array) -> Array:  # noqa: ARG002  (as of a panel)
        """(n, 3) normals at points (n, 3), outwards."""
        out = (points - np.array([self.x, 0, self.z], dtype=np.float32)) / self.radius
        out[:, 1] = 0
        return np.asarray(out)


@dataclass(frozen=True)
class Scene:
    """Everything that a camera sees when nobody is there.

    Parameters
    ----------
    floor : Material
        At y = 0, without end.
    things : list of Panel or Cylinder
        In any order.
    lamps : list of (x, y, z, power)
        Point lights.
    ambient : float
        Light from everywhere.
    polish : float
        Share of light that the floor mirrors at right angles; it mirrors more at a glance.
    footprints : list of (x0, z0, x1, z1)
        Where things stand on the floor and darken it.
    glance : float
        Share of light that the floor mirrors at the flattest glance.
    """

    floor: Material
    things: list[Panel | Cylinder]
    lamps: list[tuple[float, float, float, float]]
    ambient: float = 0.35
    polish: float = 0.05
    footprints: list[tuple[float, float, float, float]] = field(default_factory=list)
    glance: float = 0.7

    def light(self, points: Array, normals: Array) -> Array:
        """(n, 1) light that falls on points (n, 3) with these normals (n, 3)."""
        total = np.full(len(points), self.ambient, dtype=np.float32)
        for x, y, z, power in self.lamps:
            way = np.array([x, y, z], dtype=np.float32) - points
            square = np.einsum("ij,ij->i", way, way) + 0.3
            total += power * np.maximum(np.einsum("ij,ij->i", way, normals), 0.0) / square**1.25
        return total[:, None]


def _region(camera: Camera, thing: Panel | Cylinder, shape: tuple[int, int], mirrored: bool) -> tuple[slice, slice]:
    """The part of a picture of `shape` in which `thing` can lie."""
    points = thing.corners()
    if mirrored:
        points[:, 1] *= -1
    with np.errstate(divide="ignore", invalid="ignore"):
        pixels, depth = camera.project(points)
    if depth.min() < 0.1:
        return slice(0, shape[0]), slice(0, shape[1])
    scale = shape[1] / camera.size[0]
    low = np.floor(pixels.min(axis=0) * scale - 2).astype(int)
    high = np.ceil(pixels.max(axis=0) * scale + 2).astype(int)
    return slice(max(low[1], 0), max(min(high[1], shape[0]), 0)), slice(max(low[0], 0), max(min(high[0], shape[1]), 0))


def _cast(scene: Scene, camera: Camera, scale: float, *, mirrored: bool) -> tuple[Array, Array]:
    """Light (h, w, 3) and depth (h, w) of the things, seen directly or in the floor; depth is inf where none is."""
    origin, rays = camera.rays(scale, mirrored=mirrored)
    colour = np.zeros(rays.shape, dtype=np.float32)
    depth = np.full(rays.shape[:2], np.inf, dtype=np.float32)
    for thing in scene.things:
        rows, columns = _region(camera, thing, rays.shape[:2], mirrored)
        if rows.stop <= rows.start or columns.stop <= columns.start:
            continue
        part = rays[rows, columns]
        t, u, v = thing.hit(origin, part)
        nearer = t < depth[rows, columns]
        if not nearer.any():
            continue
        t, chosen = t[nearer], part[nearer]
        albedo = thing.material(u[nearer], v[nearer])
        if thing.glow > 0:
            seen = albedo * thing.glow
        else:
            points = origin + t[:, None] * chosen
            seen = albedo * scene.light(points, thing.normals(points, origin))
        depth[rows, columns][nearer] = t
        colour[rows, columns][nearer] = seen
    return colour, depth


def _floor(scene: Scene, camera: Camera, scale: float, mirror: Array) -> tuple[Array, Array]:
    """Light (h, w, 3) and depth (h, w) of the floor."""
    origin, rays = camera.rays(scale)
    with np.errstate(divide="ignore"):
        depth = np.where(rays[..., 1] < -1e-4, -origin[1] / rays[..., 1], np.inf).astype(np.float32)
    seen = np.isfinite(depth) & (depth < 80)
    points = origin + depth[seen][:, None] * rays[seen]
    shade = np.ones(len(points), dtype=np.float32)
    for x0, z0, x1, z1 in scene.footprints:
        away = np.hypot(
            np.maximum(np.maximum(x0 - points[:, 0], points[:, 0] - x1), 0),
            np.maximum(np.maximum(z0 - points[:, 2], points[:, 2] - z1), 0),
        )
        shade *= 1 - 0.55 * np.exp(-away / 0.18)
    up = np.broadcast_to(np.array([0, 1, 0], dtype=np.float32), points.shape)
    colour = np.zeros(rays.shape, dtype=np.float32)
    chosen = rays[seen]
    glance = (1 - abs(chosen[:, 1]) / np.linalg.norm(chosen, axis=1)) ** 5
    share = (scene.polish + (scene.glance - scene.polish) * glance)[:, None]
    own = scene.floor(points[:, 0], points[:, 2]) * scene.light(points, up) * shade[:, None]
    colour[seen] = own * (1 - share) + mirror[seen] * share
    return colour, np.where(seen, depth, np.inf)


def cast_scene(scene: Scene, camera: Camera) -> tuple[Array, Array]:
    """The empty scene: linear light (h, w, 3) float32; depth (h, w) in m of its things, inf at the floor."""
    direct, depth = _cast(scene, camera, SUPERSAMPLING, mirrored=False)
    mirror, _ = _cast(scene, camera, SUPERSAMPLING / 2, mirrored=True)
    mirror = cv2.GaussianBlur(mirror, (0, 0), sigmaX=1.6, sigmaY=6.0)
    mirror = cv2.resize(mirror, direct.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    ground, ground_depth = _floor(scene, camera, SUPERSAMPLING, mirror)
    below = ground_depth < depth
    direct[below] = ground[below]
    size = camera.size
    small = cv2.resize(np.minimum(direct, 6.0), size, interpolation=cv2.INTER_AREA)
    wide = cv2.GaussianBlur(cv2.resize(np.maximum(small - 0.9, 0), None, fx=0.25, fy=0.25), (0, 0), 12)
    small += 0.22 * cv2.resize(wide, size)
    return small, cv2.resize(depth, size, interpolation=cv2.INTER_NEAREST)


def tone_mapped(light: Array) -> Array:
    """8-bit picture of linear `light`: a soft shoulder, then gamma 2.2."""
    squeezed = np.where(light < 0.7, light, 0.7 + 0.3 * (1 - np.exp(-(light - 0.7) / 0.3)))
    return np.asarray(np.clip(255 * np.maximum(squeezed, 0) ** (1 / 2.2) + 0.5, 0, 255).astype(np.uint8))

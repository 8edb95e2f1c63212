"""One clip: the walks of one group of passengers past one camera, drawn frame by frame and written with its truth."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

import cv2
import numpy as np

from facelab.data.terminal.body import Body
from facelab.data.terminal.canvas import Canvas, FaceSeen, nearest_in_blocks
from facelab.data.terminal.clothes import look
from facelab.data.terminal.cover import covered
from facelab.data.terminal.figure import Actor, LightMap, Painter
from facelab.data.terminal.heads import lit, load_head
from facelab.data.terminal.posts import POSTS, Post
from facelab.data.terminal.rays import Scene, cast_scene, tone_mapped
from facelab.data.terminal.sensor import Film, Sensing, caption, stamp
from facelab.data.terminal.vehicle import CarPainter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from facelab.data.people import PersonPicture, SyntheticPeople
    from facelab.data.terminal.camera import Array
    from facelab.data.terminal.plan import ClipPlan
    from facelab.data.terminal.walkers import Walk

LEAST_WIDTH = 14.0
LEAST_VISIBLE = 0.35


@dataclass(frozen=True, eq=False)
class Stage:
    """A camera's empty scene: picture (h, w, 3), depth of its things (h, w) in m, and its light."""

    name: str
    picture: Array
    things: Array
    light: LightMap

    @property
    def post(self) -> Post:
        """The camera and what is special about it."""
        return POSTS[self.name]


class Box(NamedTuple):
    """One row of the truth, by the clip's own frame number."""

    frame: int
    passage_id: str
    subject_id: str
    box: tuple[float, float, float, float]


@lru_cache(maxsize=3)
def stage(name: str) -> Stage:
    """The empty scene of camera `name`; not to be painted on."""
    camera, scene = POSTS[name].camera, POSTS[name].scene()
    light, things = cast_scene(scene, camera)
    tint = np.array(camera.sensor.gain_bgr)
    picture = np.clip(tone_mapped(light) * tint.astype(np.float32), 0, 255).astype(np.uint8)
    return Stage(name, picture, things, _light_map(scene))


def _light_map(scene: Scene) -> LightMap:
    """The light that falls on a face 1.6 m up, from the camera's side and from above."""
    x, z = np.linspace(-5, 5, 41), np.linspace(0.5, 12, 47)
    gx, gz = np.meshgrid(x, z)
    points = np.stack([gx.ravel(), np.full(gx.size, 1.6), gz.ravel()], axis=1).astype(np.float32)
    normals = np.broadcast_to(np.array([0.0, 0.55, -0.83], dtype=np.float32), points.shape)
    light = scene.light(points, normals).reshape(gx.shape)
    return LightMap(np.minimum(light, 1.15) ** (1 / 2.2), x, z)


def cast_actor(walk: Walk, people: SyntheticPeople, seed: int, post: Post) -> Actor:
    """The passenger of `walk`, with the pictures that the walk needs."""
    pictures: dict[str, PersonPicture] = {}
    for picture in people.pictures(walk.subject_id):
        pictures.setdefault(picture.kind, picture)
    wanted = {kind for _, kind in walk.script} | {"middle" if "middle" in pictures else min(pictures)}
    tint = post.camera.sensor.gain_bgr
    heads = {kind: lit(covered(load_head(pictures[kind], tint), walk.cover), post.relief) for kind in sorted(wanted)}
    number = crc32(walk.subject_id.encode())
    middle = heads["middle"] if "middle" in heads else heads[min(heads)]
    dress = look(np.random.default_rng([seed, number]), middle.cloth, middle.skin)
    nearest = max(float(walk.path[:, 1].min()), 1.2)
    return Actor(walk, Body(dress, post.camera.focal / nearest, number % 100_000), heads)


def _counts(face: FaceSeen) -> bool:
    """Whether a face belongs in the truth: large and visible enough to be asked for."""
    return bool(face.box[2] - face.box[0] >= LEAST_WIDTH and face.visible >= LEAST_VISIBLE)


class Truthful:
    """Collects the truth of a clip; a passage never clearly visible keeps its best frame, so that it is counted."""

    def __init__(self) -> None:
        self.boxes: list[Box] = []
        self._seen: set[str] = set()
        self._best: dict[str, tuple[float, Box]] = {}

    def add(self, frame: int, faces: list[FaceSeen]) -> None:
        """The faces of a frame."""
        for face in faces:
            x1, y1, x2, y2 = (round(float(value), 1) for value in face.box)
            row = Box(frame, face.passage_id, face.subject_id, (x1, y1, x2, y2))
            if _counts(face):
                self.boxes.append(row)
                self._seen.add(face.passage_id)
            elif face.passage_id not in self._seen:
                merit = face.visible * float(face.box[2] - face.box[0])
                if merit >= self._best.get(face.passage_id, (-1.0, row))[0]:
                    self._best[face.passage_id] = (merit, row)

    def rows(self) -> list[Box]:
        """All boxes, ordered by frame and passage."""
        missed = [row for passage, (_, row) in self._best.items() if passage not in self._seen]
        return sorted([*self.boxes, *missed])


class Frames:
    """Iterates over the planes of a clip's frames; the truth fills on the way.

    Parameters
    ----------
    scene : Stage
        The empty scene of the plan's camera.
    plan : ClipPlan
        Who walks. Clothes follow from the footage's seed alone (the first of the plan's), noise from all of it.
    people : SyntheticPeople
        Whose heads.
    """

    def __init__(self, scene: Stage, plan: ClipPlan, people: SyntheticPeople) -> None:
        self.scene, self.plan, self.people = scene, plan, people
        self.truth = Truthful()
        camera, glass = scene.post.camera, scene.post.glass
        self._camera = camera
        self._sensing = Sensing(camera.sensor, np.random.default_rng(plan.seed), camera.size)
        self._painter = Painter(camera, scene.light, 1.0 if glass is None else glass.gain)
        self._cars = None if glass is None else CarPainter(camera, self._painter, glass)
        self._nearest = nearest_in_blocks(scene.things)
        self._actors: dict[str, Actor] = {}
        self._next = 0

    def picture(self, index: int) -> Canvas:
        """Frame `index` as light falls on the sensor."""
        time_s = index / self._camera.fps
        canvas = Canvas(self.scene.picture.copy(), self.scene.things, self._nearest)
        here = [walk for walk in self.plan.walks if walk.start_s <= time_s <= walk.start_s + walk.duration_s]
        self._actors = {walk.passage_id: self._actor(walk) for walk in here}
        here.sort(key=lambda walk: -walk.place(time_s)[1])
        if self._cars is not None:
            cars: dict[str, list[Actor]] = {}
            for walk in here:
                cars.setdefault(walk.errand.vehicle, []).append(self._actors[walk.passage_id])
            for inside in cars.values():
                self._cars.draw(canvas, inside, time_s)
            return canvas
        for walk in here:
            self._painter.draw(canvas, self._actors[walk.passage_id], time_s)
        return canvas

    def _actor(self, walk: Walk) -> Actor:
        actor = self._actors.get(walk.passage_id)
        return cast_actor(walk, self.people, self.plan.seed[0], self.scene.post) if actor is None else actor

    def __iter__(self) -> Frames:
        self._next = 0
        return self

    def __next__(self) -> Array:
        if self._next >= self.plan.frames:
            raise StopIteration
        canvas = self.picture(self._next)
        self.truth.add(self._next, canvas.faces)
        planes = self._sensing.planes(canvas.picture, self._next / self._camera.fps)
        stamp(planes, *caption(self.plan.camera, int(self.plan.start_s + self._next / self._camera.fps)))
        self._next += 1
        return planes


def render_clip(path: Path, frames: Frames, *, tick: Callable[[int], None] | None = None) -> list[Box]:
    """Write the clip to `path`; its truth. `tick` is told of every frame written."""
    cv2.setNumThreads(1)
    camera = frames.scene.post.camera
    with Film(path, camera.sensor.crf, camera.size, camera.fps) as film:
        for count, planes in enumerate(frames, start=1):
            film.add(planes)
            if tick is not None:
                tick(count)
    return frames.truth.rows()

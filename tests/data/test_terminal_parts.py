"""The parts of the terminal's renderer: optics, choreography, heads, sight."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from facelab.data.terminal.camera import CAMERAS, FRAME_SIZE, Camera
from facelab.data.terminal.canvas import Canvas, FaceSeen
from facelab.data.terminal.clip import Truthful
from facelab.data.terminal.figure import Smear, face_box, smeared
from facelab.data.terminal.heads import SIDE, Head, bends, draw_head
from facelab.data.terminal.manners import KINDS
from facelab.data.terminal.posts import POSTS
from facelab.data.terminal.rays import tone_mapped
from facelab.data.terminal.sensor import Sensing
from facelab.data.terminal.walkers import choreography

POINTS = np.array([(96.0, 118.0), (160.0, 118.0), (128.0, 150.0), (104.0, 180.0), (152.0, 180.0)])


def _walks(camera: str, people: int, seed: int) -> tuple[list, int]:
    names = [f"p{i}" for i in range(people)]
    return choreography(camera, names, dict.fromkeys(names, frozenset(KINDS)), np.random.default_rng(seed))


@pytest.mark.parametrize("camera", CAMERAS.values(), ids=list(CAMERAS))
def test_a_ray_through_a_pixel_meets_what_projects_to_it(camera: Camera) -> None:
    origin, rays = camera.rays(1.0)
    for row, column in ((0, 0), (270, 480), (539, 959)):
        point = origin + 3.7 * rays[row, column]
        pixel, depth = camera.project(point[None])
        np.testing.assert_allclose(pixel[0], (column + 0.5, row + 0.5), atol=2e-3)
        assert depth[0] == pytest.approx(3.7, abs=1e-4)


def test_a_mirrored_ray_leaves_the_floor_as_light_does() -> None:
    camera = CAMERAS["gate"]
    origin, rays = camera.rays(1.0)
    below, mirrored = camera.rays(1.0, mirrored=True)
    t = -origin[1] / rays[500, 100, 1]
    np.testing.assert_allclose(origin + t * rays[500, 100], below + t * mirrored[500, 100], atol=1e-5)
    np.testing.assert_allclose(rays[500, 100] * [1, -1, 1], mirrored[500, 100], atol=1e-6)


@pytest.mark.parametrize("camera", list(CAMERAS))
def test_nobody_walks_through_anybody_or_a_column(camera: str) -> None:
    walks, frames = _walks(camera, 25, 3)
    for time_s in np.arange(0, frames / 12.5, 0.1):
        here = [walk for walk in walks if walk.start_s <= time_s <= walk.start_s + walk.duration_s]
        places = np.array([walk.place(time_s) for walk in here]).reshape(-1, 2)
        apart = np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1)) + 9 * np.eye(len(here))
        assert apart.size == 0 or apart.min() > POSTS[camera].manner.apart_m - 0.30
        for x, z, radius in POSTS[camera].manner.obstacles:
            assert not len(places) or np.hypot(places[:, 0] - x, places[:, 1] - z).min() > radius - 0.1


def test_the_same_seed_gives_the_same_walks_and_another_one_others() -> None:
    one, two, other = (_walks("queue", 8, seed)[0] for seed in (1, 1, 2))
    assert all(np.array_equal(a.path, b.path) and a.script == b.script for a, b in zip(one, two))
    assert any(a.path.shape != b.path.shape or not np.array_equal(a.path, b.path) for a, b in zip(one, other))


def test_a_head_turns_without_a_jump() -> None:
    walk = _walks("queue", 1, 4)[0][0]
    shares = []
    for time_s in np.arange(walk.start_s, walk.start_s + walk.duration_s, 0.01):
        pose = walk.pose(time_s)
        shares.append((pose.a, pose.b, pose.share))
    for (a, b, share), (c, d, later) in itertools.pairwise(shares):
        same = (a, b) == (c, d)
        assert abs(later - share) < 0.06 if same else (share > 0.94 or share == 0) and later < 0.06


def _head(colour: int, points: np.ndarray) -> Head:
    image = np.zeros((SIDE, SIDE, 4), np.uint8)
    image[40:240, 50:206] = (colour, colour, colour, 255)
    for x, y in points.astype(int):
        image[y - 3 : y + 4, x - 3 : x + 4, :3] = 255
    levels = tuple(image[:: 2**i, :: 2**i] for i in range(4))
    return Head(levels, points, 132.0, None, np.array([120.0, 120, 120]))


def test_between_two_pictures_the_landmarks_of_both_meet_halfway() -> None:
    """No ghost: half-way, the white spots of both heads lie on the same pixels."""
    a, b = _head(60, POINTS), _head(60, POINTS + np.array([(0, 0), (0, 0), (14, 0), (4, 2), (4, 2)]))
    parts, landmarks = bends(a, b, 0.5, 0.0)
    np.testing.assert_allclose(landmarks, (a.landmarks + b.landmarks) / 2)
    drawn = draw_head(parts, np.array([[1.0, 0, 0], [0, 1, 0]]), (SIDE, SIDE))
    for x, y in np.round(landmarks).astype(int):
        assert drawn[y - 1 : y + 2, x - 1 : x + 2, 0].mean() > 225  # a ghost would give (60 + 255) / 2


def test_a_head_that_is_not_turning_is_its_picture() -> None:
    head = _head(60, POINTS)
    parts, _ = bends(head, head, 0.0, 0.0)
    assert len(parts) == 1
    drawn = draw_head(parts, np.array([[1.0, 0, 0], [0, 1, 0]]), (SIDE, SIDE))
    np.testing.assert_array_equal(drawn, head.levels[0])


def _canvas(things: float = np.inf) -> Canvas:
    size = FRAME_SIZE[::-1]
    return Canvas(np.zeros((*size, 3), np.uint8), np.full(size, things, np.float32))


def test_sight_of_a_face_falls_by_the_share_that_is_covered() -> None:
    canvas = _canvas()
    face = FaceSeen.at("gate/p1", "p1", np.array([100.0, 100, 160, 180]))
    canvas.face(face, 3.0)
    assert face.visible == 1.0
    canvas.lay(np.full((200, 30, 4), 255, np.uint8), (100, 50), 2.0, 1.0)
    assert face.visible == pytest.approx(0.5, abs=0.12)
    canvas.lay(np.full((200, 200, 4), 255, np.uint8), (50, 50), 1.0, 1.0)
    assert face.visible == 0.0


def test_what_stands_nearer_hides_a_face_and_what_stands_behind_does_not() -> None:
    for things, sight in ((2.0, 0.0), (4.0, 1.0)):
        canvas = _canvas(things)
        canvas.lay(np.full((80, 60, 4), 255, np.uint8), (100, 100), 3.0, 1.0)
        face = FaceSeen.at("gate/p1", "p1", np.array([100.0, 100, 160, 180]))
        canvas.face(face, 3.0)
        assert face.visible == sight
        assert canvas.picture[140, 130, 0] == 255 * sight


def test_a_face_half_out_of_the_frame_is_half_seen() -> None:
    assert FaceSeen.at("a", "b", np.array([-30.0, 100, 30, 180])).visible == pytest.approx(0.5, abs=0.12)


def test_a_layer_covers_by_its_alpha() -> None:
    canvas = _canvas()
    canvas.picture[:] = 100
    canvas.lay(np.full((10, 10, 4), (64, 64, 64, 128), np.uint8), (0, 0), 1.0, 1.0)
    assert abs(int(canvas.picture[5, 5, 0]) - (100 * 127 // 255 + 64)) <= 1
    assert canvas.picture[20, 20, 0] == 100


def test_a_passage_never_clearly_seen_keeps_its_best_frame_and_only_that() -> None:
    truth = Truthful()
    seen, small = np.array([100.0, 100, 140, 150]), np.array([300.0, 100, 310, 112])
    for frame, width in ((0, 0.0), (1, 4.0), (2, 1.0)):
        small = np.array([300.0, 100, 309 + width, 112])
        truth.add(frame, [FaceSeen.at("gate/p1", "p1", seen), FaceSeen.at("gate/p2", "p2", small)])
    rows = truth.rows()
    assert [row.frame for row in rows if row.passage_id == "gate/p1"] == [0, 1, 2]
    assert [row.frame for row in rows if row.passage_id == "gate/p2"] == [1]


def test_a_face_box_holds_its_landmarks_and_moves_against_the_nose() -> None:
    box = face_box(POINTS, 140.0)
    assert (box[:2] < POINTS).all()
    assert (box[2:] > POINTS).all()
    turned = face_box(POINTS + np.array([(0, 0), (0, 0), (8, 0), (0, 0), (0, 0)]), 140.0)
    assert turned[0] < box[0]


def test_smearing_keeps_the_light_and_spreads_it_along_the_motion() -> None:
    layer = np.zeros((41, 41, 4), np.uint8)
    layer[18:23, 18:23] = 250
    out = smeared(layer, Smear(9.0, 0.0, 0.4)).astype(float)
    assert out.sum() == pytest.approx(layer.astype(float).sum(), rel=0.03)
    across, down = (out[..., 0].sum(axis=axis) > 20 for axis in (0, 1))
    assert across.sum() > down.sum() + 5
    assert smeared(layer, Smear(0.3, 0.2, 0.1)) is layer


def test_the_sensor_is_noisy_by_its_own_figure_and_brighter_when_more_exposed() -> None:
    sensor = CAMERAS["entrance"].sensor
    grey = np.full((540, 960, 3), 110, np.uint8)
    sensing = Sensing(sensor, np.random.default_rng(1))
    frames = np.stack([sensing.planes(grey, 0.0)[:540].astype(float) for _ in range(4)])
    assert frames.std(axis=0).mean() == pytest.approx(sensor.noise, rel=0.4)
    times = np.arange(0, 20, 0.2)
    exposure = np.array([sensing.exposure(t) for t in times])
    dark, bright = (sensing.planes(grey, float(times[i]))[:540].mean() for i in (exposure.argmin(), exposure.argmax()))
    assert bright > dark + 5


def test_tone_mapping_never_turns_brightness_around() -> None:
    curve = tone_mapped(np.linspace(0, 6, 500)).astype(int)
    assert (np.diff(curve) >= 0).all()
    assert (curve[0], curve[-1]) == (0, 255)

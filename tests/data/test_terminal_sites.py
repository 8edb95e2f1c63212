"""The cameras beyond the terminal's three: who passes them, how they are marked, windscreens; and nothing old moved."""

from __future__ import annotations

import hashlib
import itertools
import json
import types
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, get_args

import cv2
import numpy as np
import pytest

from facelab.config import CameraName, Comers, TerminalFootage
from facelab.data.footage import Footage
from facelab.data.losses import Losses
from facelab.data.people import SyntheticPeople
from facelab.data.terminal import read_facts, render, render_terminal, site_of_camera
from facelab.data.terminal.camera import CAMERAS
from facelab.data.terminal.clip import Frames, stage
from facelab.data.terminal.facts import PassageFacts, planned_facts
from facelab.data.terminal.glass import ALONG_M, PER_M, Glass, glaze, mirrored_at, overhead
from facelab.data.terminal.heads import SIDE, Head, lit
from facelab.data.terminal.manners import KINDS
from facelab.data.terminal.plan import plan_footage
from facelab.data.terminal.posts import POSTS, Post
from facelab.errors import BadInput

CITY = tuple(name for name, post in POSTS.items() if post.kind in ("street", "toll"))
SMALL = TerminalFootage(seed=5, unknown=2, wanted=0, cameras=("toll_east", "egate_departure"), masked=0.5)
GREY = Glass(0.7, 0.1, (1.0, 1.0, 1.0), 0.5, (0.8, 0.8, 0.8), 0.0, (0.0, 0.0))


class Named:
    """People of whom only names and kinds of pictures are known: enough for a plan."""

    folder = Path("nowhere")

    def __init__(self, wanted: int, unknown: int) -> None:
        self.wanted = tuple(f"w{i}" for i in range(wanted))
        self.unknown = tuple(f"u{i}" for i in range(unknown))

    def pictures(self, _: str) -> tuple[types.SimpleNamespace, ...]:
        return tuple(types.SimpleNamespace(kind=kind) for kind in KINDS)


def _facts(settings: TerminalFootage) -> PassageFacts:
    return planned_facts(plan_footage(settings, Named(settings.wanted, settings.unknown)))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def people(drawn_people: Callable[[Sequence[str], Sequence[str]], SyntheticPeople]) -> SyntheticPeople:
    return drawn_people(("p1", "p2"), ("p3", "p4", "p5"))


@pytest.fixture(scope="module")
def rendered(people: SyntheticPeople, tmp_path_factory: pytest.TempPathFactory) -> tuple[Footage, Path]:
    folder = tmp_path_factory.mktemp("footage") / "small"
    return render_terminal(SMALL, folder, people=people, workers=1), folder


def test_settings_and_posts_name_the_same_cameras_and_the_terminal_comes_first() -> None:
    assert get_args(CameraName) == tuple(POSTS)
    assert list(POSTS)[:3] == list(CAMERAS) == ["entrance", "queue", "gate"]
    assert all(post.camera.name == name for name, post in POSTS.items())


def test_settings_of_before_have_the_origin_of_before(people: SyntheticPeople) -> None:
    said = {
        "kind": "terminal",
        "seed": 20261101,
        "unknown": 240,
        "wanted": 60,
        "cameras": ["entrance", "queue", "gate"],
    }
    assert TerminalFootage().model_dump(mode="json") == said
    assert render._origin(TerminalFootage(), people) == {"renderer": 3, "settings": said, "people": people.digest}
    assert "sites" in render._origin(TerminalFootage(masked=0.1), people)
    assert "sites" in render._origin(TerminalFootage(cameras=("gate", "toll_east")), people)


def test_what_is_set_stands_in_the_dump_and_reads_back() -> None:
    given = TerminalFootage(masked=0.1, comers={"departures": Comers(unknown=(0, 5), wanted=(0, 1))})
    assert TerminalFootage.model_validate(given.model_dump(mode="json")) == given


def test_the_plan_of_settings_of_before_is_the_plan_of_before() -> None:
    """The hash was taken from the renderer as it stood before there were other cameras."""
    rows: list[Any] = []
    kinds = tuple(types.SimpleNamespace(kind=kind) for kind in ("middle", "yaw_left", "down"))
    crowd = Named(3, 9)
    crowd.pictures = lambda _: kinds  # type: ignore[method-assign]
    for plan in plan_footage(TerminalFootage(seed=5, unknown=9, wanted=3), crowd):  # type: ignore[arg-type]
        rows.append([plan.file, plan.camera, plan.frames, plan.first_frame, list(plan.seed), round(plan.start_s, 4)])
        for walk in plan.walks:
            name = [walk.passage_id, walk.subject_id, round(walk.start_s, 4), round(walk.pace, 4)]
            path = [round(float(walk.path.sum()), 3), round(walk.phase, 4)]
            script = [(round(begin, 4), kind) for begin, kind in walk.script]
            rows.append([*name, *path, script, [round(at, 4) for at in walk.absorbed], walk.cover])
    digest = hashlib.sha256(json.dumps(rows).encode()).hexdigest()
    assert digest == "11ee61ba47f97fa99e779a5e846ccd75f7b939d645c366a92a3b158fbe531da3"


@pytest.mark.parametrize("post", [p for n, p in POSTS.items() if n not in CAMERAS], ids=lambda p: p.camera.name)
def test_a_ray_through_a_pixel_meets_what_projects_to_it_whatever_the_size(post: Post) -> None:
    camera = post.camera
    origin, rays = camera.rays(1.0)
    assert rays.shape == (camera.size[1], camera.size[0], 3)
    for row, column in ((0, 0), (camera.size[1] - 1, camera.size[0] - 1)):
        pixel, _ = camera.project((origin + 4.2 * rays[row, column])[None])
        np.testing.assert_allclose(pixel[0], (column + 0.5, row + 0.5), atol=4e-3)


def test_the_masked_and_blurred_are_exact_shares_of_each_role_at_every_camera_and_nested() -> None:
    base = TerminalFootage(seed=2, unknown=40, wanted=20, cameras=("entrance", "gate"))
    some, more = (_facts(base.model_copy(update={"masked": share, "blurred": share})) for share in (0.1, 0.3))
    for facts, share in ((some, 0.1), (more, 0.3)):
        for camera in base.cameras:
            here = facts.camera == camera
            blurred = set(facts.subject_id[here & (facts.blur != "")].tolist())
            assert sum(who.startswith("w") for who in blurred) == round(20 * share)
            assert sum(who.startswith("u") for who in blurred) == round(40 * share)
            masked = set(facts.subject_id[here & (facts.cover == "mask")].tolist())
            assert len(masked) >= round(60 * share)
    assert set(some.subject_id[some.blur != ""].tolist()) < set(more.subject_id[more.blur != ""].tolist())
    assert set(more.blur.tolist()) == {"", "defocus", "motion"}
    both = {camera: set(more.subject_id[(more.camera == camera) & (more.cover == "mask")]) for camera in base.cameras}
    assert len(both["entrance"] & both["gate"]) >= 18


def test_each_city_camera_is_passed_by_as_many_as_asked_and_nobody_is_at_two_at_once() -> None:
    facts = _facts(TerminalFootage(seed=4, unknown=48, wanted=12, cameras=CITY, passing=20))
    for camera in CITY:
        here = facts.subject_id[facts.camera == camera]
        assert len(set(here.tolist())) == 20
        assert sum(who.startswith("w") for who in here) == 4
    for who in set(facts.subject_id.tolist()):
        mine = np.argsort(facts.arrival_s[facts.subject_id == who])
        begin = facts.arrival_s[facts.subject_id == who][mine]
        end = facts.end_s[facts.subject_id == who][mine]
        assert (begin[1:] - end[:-1] > 600).all()
    assert max(np.unique(facts.subject_id, return_counts=True)[1]) >= 5


def test_comers_of_two_airports_are_the_people_named_and_each_journey_runs_forward() -> None:
    cameras = ("entrance", "gate", "north_hall", "north_pier")
    ranges = {
        "departures": Comers(unknown=(0, 12), wanted=(0, 3)),
        "second_airport": Comers(unknown=(12, 20), wanted=(3, 6)),
    }
    facts = _facts(TerminalFootage(seed=4, unknown=20, wanted=6, cameras=cameras, comers=ranges))
    for site, (unknown, wanted) in {
        "departures": (range(12), range(3)),
        "second_airport": (range(12, 20), range(3, 6)),
    }.items():
        here = facts.site == site
        assert set(facts.subject_id[here].tolist()) == {f"u{i}" for i in unknown} | {f"w{i}" for i in wanted}
        for who in set(facts.subject_id[here].tolist()):
            mine = here & (facts.subject_id == who)
            assert facts.camera[mine][np.argsort(facts.arrival_s[mine])].tolist() == [
                c for c in cameras if POSTS[c].site == site
            ]


def test_at_a_gate_people_come_one_by_one_stand_at_the_reader_and_try_again_at_once() -> None:
    settings = TerminalFootage(
        seed=3, unknown=30, wanted=6, cameras=("egate_departure",), second_attempts=0.4, visits=2
    )
    facts = _facts(settings)
    order = np.argsort(facts.arrival_s)
    assert (facts.arrival_s[order][1:] >= facts.end_s[order][:-1]).all()
    whole = facts.end_s - facts.arrival_s
    assert (whole > 3).all()
    assert (whole < 6.5).all()
    assert (facts.stop_s > facts.arrival_s + 1).all()
    assert (facts.end_s > facts.stop_s + 1).all()
    again = np.flatnonzero(facts.attempt[order] == 2)
    assert 0.2 < len(again) / np.sum(facts.attempt == 1) < 0.6
    for k in again:
        assert facts.subject_id[order][k] == facts.subject_id[order][k - 1]
        assert "/again" in facts.passage_id[order][k]
    assert len(facts) == len(set(facts.passage_id.tolist())) == 72 + len(again)
    second = facts.visit == 2
    assert facts.arrival_s[second].min() - facts.end_s[~second].max() > 3600


def test_cars_stop_and_never_touch_and_two_in_one_sit_side_by_side() -> None:
    plans = plan_footage(
        TerminalFootage(seed=3, unknown=30, wanted=6, cameras=("toll_north",)),
        Named(6, 30),  # type: ignore[arg-type]
    )
    pairs = 0
    for plan in plans:
        for time_s in np.arange(0, plan.frames / 6.25, 0.1):
            here = [w for w in plan.walks if w.start_s <= time_s <= w.start_s + w.duration_s]
            cars: dict[str, list[tuple[float, float]]] = {}
            for walk in here:
                cars.setdefault(walk.errand.vehicle, []).append(walk.place(time_s))
            depth = sorted(places[0][1] for places in cars.values())
            assert all(b - a > 4.2 for a, b in itertools.pairwise(depth))
            for places in cars.values():
                pairs += len(places) == 2
                assert len(places) == 1 or places[1][0] - places[0][0] == pytest.approx(0.72)
        for walk in plan.walks:
            stop = walk.start_s + walk.errand.stop_s
            assert walk.place(stop) == pytest.approx(walk.place(stop + 1.0), abs=1e-9)
    assert pairs > 20


def _linear(level: np.ndarray) -> np.ndarray:
    """Linear light of 8-bit levels below the shoulder of the tone curve."""
    return np.asarray((level / 255.0) ** 2.2)


def test_a_windscreen_is_transmittance_times_behind_plus_reflectance_times_sky() -> None:
    pane = np.array([(20.0, 20.0), (180.0, 20.0), (180.0, 100.0), (20.0, 100.0)])
    sky = np.array([(10.0, 10.0), (60.0, 10.0), (60.0, 60.0), (10.0, 60.0)])
    for level in (30, 90, 160):
        picture = np.full((120, 200, 3), level, np.uint8)
        glaze(picture, GREY, pane, sky)
        seen = _linear(picture[60, 100].astype(float))
        np.testing.assert_allclose(seen, 0.7 * _linear(np.array(level)) + 0.1 * 0.8, atol=0.004)
        assert (picture[5, 5] == level).all()


def test_no_glass_changes_nothing_and_a_tint_only_its_colour() -> None:
    pane = np.array([(0.0, 0.0), (63.0, 0.0), (63.0, 63.0), (0.0, 63.0)])
    ramp = np.repeat(np.arange(0, 192, 3, dtype=np.uint8)[None, :, None], 64, axis=0).repeat(3, axis=2)
    clear = ramp.copy()
    glaze(clear, Glass(1.0, 0.0, (1.0, 1.0, 1.0), 1.0, (1.0, 1.0, 1.0), 0.0, (0.0, 0.0)), pane, pane + 20)
    assert abs(clear.astype(int) - ramp).max() <= 1
    glaze(ramp, Glass(1.0, 0.0, (0.5, 1.0, 1.0), 1.0, (1.0, 1.0, 1.0), 0.0, (0.0, 0.0)), pane, pane + 20)
    assert (ramp[32, 20:60, 0] < ramp[32, 20:60, 1]).all()
    np.testing.assert_array_equal(ramp[..., 1], clear[..., 1])


def test_what_a_pane_mirrors_leaves_it_at_the_angle_at_which_it_came() -> None:
    camera = POSTS["toll_north"].camera
    pane = np.array([(-0.6, 1.40, 4.5), (0.6, 1.40, 4.5), (0.7, 0.96, 3.8), (-0.7, 0.96, 3.8)])
    at = mirrored_at(pane, camera, 5.5) / PER_M + [-8.0, ALONG_M[0]]
    normal = np.cross(pane[1] - pane[0], pane[3] - pane[0])
    normal /= np.linalg.norm(normal)
    for corner, (x, z) in zip(pane, at):
        out, came = np.array([x, 5.5, z]) - corner, np.array([0.0, camera.height_m, 0.0]) - corner
        out, came = out / np.linalg.norm(out), came / np.linalg.norm(came)
        assert abs(out @ normal) == pytest.approx(abs(came @ normal))
        np.testing.assert_allclose(out + came, 2 * (came @ normal) * normal, atol=1e-9)


def test_under_a_canopy_less_sky_is_mirrored() -> None:
    roofed = overhead(POSTS["toll_north"].glass)  # type: ignore[arg-type]
    under, beyond = (round((z - ALONG_M[0]) * PER_M) for z in (7.3, 20.0))
    assert roofed[under].mean() < 0.3 * roofed[beyond].mean()


def test_light_from_a_side_darkens_the_other_and_a_high_sun_the_lower_face() -> None:
    points = np.array([(96.0, 118.0), (160.0, 118.0), (128.0, 150.0), (104.0, 180.0), (152.0, 180.0)])
    head = Head(
        (np.full((SIDE, SIDE, 4), 200, np.uint8), np.full((128, 128, 4), 200, np.uint8)), points, 132.0, None, points[0]
    )
    right, left, below = (lit(head, relief).levels[0] for relief in ((0.4, 0.0), (-0.4, 0.0), (0.0, 0.4)))
    assert right[120, 200, 0] < 0.75 * right[120, 60, 0]
    assert left[120, 60, 0] < 0.75 * left[120, 200, 0]
    assert below[200, 128, 0] < 0.75 * below[60, 128, 0]
    assert (right[..., 3] == 200).all()
    assert lit(head, (0.0, 0.0)) is head


def test_what_is_rendered_does_not_depend_on_workers_and_says_its_passages(
    rendered: tuple[Footage, Path], people: SyntheticPeople, tmp_path: Path
) -> None:
    two = render_terminal(SMALL, tmp_path / "two", people=people, workers=2)
    assert two.digest == rendered[0].digest
    for path in rendered[1].iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()
    facts, planned = read_facts(rendered[1]), planned_facts(plan_footage(SMALL, people))
    assert all(
        np.array_equal(getattr(facts, n), getattr(planned, n), equal_nan=n.endswith("_s")) for n in ("cover", "stop_s")
    )
    truth = rendered[0].truth
    assert truth is not None
    assert set(truth.passage_id.tolist()) == set(facts.passage_id.tolist())
    columns = facts.attributes(truth.passages.passage_id)
    assert columns["subject_id"].tolist() == truth.passages.subject_id.tolist()
    assert {"driver"} <= set(columns["seat"].tolist())
    with pytest.raises(BadInput, match="'nobody' is no rendered passage"):
        facts.attributes(["nobody"])


def test_boxes_lie_on_faces_behind_glass_and_at_the_reader(rendered: tuple[Footage, Path]) -> None:
    """Faces are drawn magenta here: a box is more so than what lies beside it, through a windscreen too."""
    truth = rendered[0].truth
    assert truth is not None
    found: dict[str, list[float]] = {}
    for clip in rendered[0].clips:
        for frame in clip.frames(Losses()):
            picture = frame.image.astype(int)
            magenta = np.minimum(picture[..., 0], picture[..., 2]) - picture[..., 1]
            h, w = magenta.shape
            for x1, y1, x2, y2 in truth.box[(truth.camera == clip.camera) & (truth.frame == frame.index)]:
                wide, tall = x2 - x1, y2 - y1
                if wide < 30 or x1 < wide or x2 > w - wide or y1 < tall or y2 > h - tall:
                    continue
                core = magenta[
                    round(y1 + 0.25 * tall) : round(y2 - 0.25 * tall), round(x1 + 0.3 * wide) : round(x2 - 0.3 * wide)
                ]
                aside = magenta[round(y1) : round(y2), round(x1 - 0.7 * wide) : round(x1 - 0.4 * wide)]
                found.setdefault(clip.camera, []).append(float(np.median(core) - np.median(aside)))
    assert set(found) == set(SMALL.cameras)
    for camera, differences in found.items():
        assert len(differences) > 30
        assert np.mean(np.array(differences) > (60 if camera == "egate_departure" else 12)) > 0.9, camera


def test_a_blurred_passenger_is_less_sharp_than_in_the_same_frame_unblurred(people: SyntheticPeople) -> None:
    sharp = {}
    for share in (0.0, 1.0):
        settings = TerminalFootage(seed=5, unknown=2, wanted=0, cameras=("egate_boarding",), blurred=share)
        plan = plan_footage(settings, people)[0]
        frames = Frames(stage("egate_boarding"), plan, people)
        canvas = frames.picture(round((plan.walks[0].start_s + plan.walks[0].errand.stop_s + 0.4) * 8))
        x1, y1, x2, y2 = (round(float(v)) for v in canvas.faces[0].box)
        edges = cv2.Laplacian(canvas.picture[y1:y2, x1:x2, 1], cv2.CV_64F)
        sharp[share] = float(edges.std())
        assert (plan.walks[0].errand.blur == "") == (share == 0)
    assert sharp[1.0] < 0.7 * sharp[0.0]  # the background in the box stays sharp


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"unknown": 9}, "9 unknown passengers are asked for, there are 3"),
        ({"passing": 9}, "9 passengers are to pass 'toll_east', 2 come to it"),
        (
            {"comers": {"toll_east": Comers(unknown=(0, 7), wanted=(0, 0))}},
            "0 to 7 come to 'toll_east', the footage has 2",
        ),
        ({"comers": {"toll_east": Comers(unknown=(1, 1), wanted=(0, 0))}}, "nobody comes to 'toll_east'"),
        ({"comers": {"departures": Comers(unknown=(0, 1), wanted=(0, 1))}}, "no camera named is at 'departures'"),
    ],
)
def test_people_who_cannot_come_are_refused(people: SyntheticPeople, change: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        plan_footage(SMALL.model_copy(update=change), people)


def test_an_unknown_camera_is_answered_with_the_nearest() -> None:
    with pytest.raises(ValueError, match="no camera 'toll_nort'; did you mean 'toll_north'"):
        TerminalFootage(cameras=("toll_nort",))  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="no rendered camera 'door'"):
        site_of_camera("door")


def test_a_rendering_of_the_first_cameras_has_no_facts_and_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="a rendering of the first three cameras alone has none"):
        read_facts(tmp_path)

"""Alerts: worked cases, a plain loop as the cooldown's oracle, scipy as the Poisson one."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2

from facelab.errors import BadInput, NotMeasured
from facelab.stats.alerts import Alerts, EventRate, alert_rates, first_alerts, read_alerts

events = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 2), st.integers(0, 2), st.integers(0, 1)), max_size=30)


def table(rows):
    """Rows of (time, alleged, walker, camera); the walker w0 truly is s0."""
    rows = list(rows)
    return Alerts(
        camera=np.array([f"c{r[3]}" for r in rows], dtype=str),
        time_s=np.array([r[0] for r in rows], dtype=float),
        alleged=np.array([f"s{r[1]}" for r in rows], dtype=str),
        score=np.linspace(0.4, 0.6, len(rows)),
        walker=np.array([f"w{r[2]}" for r in rows], dtype=str),
        subject=np.array(["s0" if r[2] == 0 else "" for r in rows], dtype=str),
    )


def test_a_cooldown_keyed_on_the_subject_alone_hides_the_real_person():
    """A false alarm of s0 at 0 s on w1, the real s0 at 60 s."""
    alerts = table([(0, 0, 1, 0), (60, 0, 0, 0)])
    assert alerts.deduplicated(120, key="subject").false.tolist() == [True]
    assert alerts.deduplicated(120).false.tolist() == [True, False]


def test_the_cooldown_counts_from_the_last_emitted_alert():
    """Alerts every 40 s with a cooldown of 60: 0, 80, 160, not only the first."""
    alerts = table([(t, 0, 0, 0) for t in (0, 40, 80, 120, 160)])
    assert alerts.deduplicated(60).time_s.tolist() == [0, 80, 160]
    assert alerts.deduplicated(40).time_s.tolist() == [0, 40, 80, 120, 160]


def test_a_cooldown_at_each_camera_or_anywhere():
    alerts = table([(0, 0, 0, 0), (1, 0, 0, 1)])
    assert len(alerts.deduplicated(60)) == 2
    assert len(alerts.deduplicated(60, anywhere=True)) == 1


@given(events, st.integers(0, 30), st.sampled_from(["subject", "subject and walker"]), st.booleans())
def test_the_cooldown_equals_a_plain_loop(rows, cooldown, key, anywhere):
    alerts = table(rows)
    last, kept = {}, []
    for i in range(len(alerts)):
        k = (alerts.alleged[i], alerts.walker[i] * (key != "subject"), alerts.camera[i] * (not anywhere))
        if k not in last or alerts.time_s[i] - last[k] >= max(cooldown, 0):
            kept.append(i)
            last[k] = alerts.time_s[i]
    out = alerts.deduplicated(cooldown, key=key, anywhere=anywhere)
    assert out.score.tolist() == alerts.score[kept].tolist()


@given(events, st.integers(0, 30))
def test_a_longer_key_never_emits_fewer_and_deduplicating_twice_changes_nothing(rows, cooldown):
    alerts = table(rows)
    once = alerts.deduplicated(cooldown)
    assert len(once) >= len(alerts.deduplicated(cooldown, key="subject"))
    assert once.deduplicated(cooldown).score.tolist() == once.score.tolist()


def test_a_wrong_name_on_an_enrolled_person_is_false():
    assert table([(0, 1, 0, 0), (1, 0, 0, 0), (2, 0, 1, 0)]).false.tolist() == [True, False, True]


def test_rates_worked_by_hand():
    alerts = table([(0, 0, 1, 0), (1, 0, 1, 0), (2, 0, 2, 1), (3, 0, 0, 0)])
    rates = alert_rates(alerts, {"c0": 10.0, "c1": 10.0, "c2": 5.0}, passers_by=6000)
    assert rates.an_hour.value == pytest.approx(0.3)
    assert rates.a_camera_hour.value == pytest.approx(3 / 25)
    assert rates.a_thousand_passers_by.value == pytest.approx(0.5)
    assert rates.an_hour.dispersion == pytest.approx((2**2 + 1) / 3)
    assert rates.an_hour.carriers == pytest.approx((4 + 1) ** 2 / (16 + 1))
    assert "few walkers" in rates.an_hour.interval().note
    assert rates.true_alerts == 1
    assert {k: r.count for k, r in rates.by_camera.items()} == {"c0": 2, "c1": 1, "c2": 0}
    assert "false alerts: 0.3 per hour" in repr(rates)
    assert json.loads(json.dumps(rates.to_dict()))["by_camera"]["c2"]["low"] == 0


@pytest.mark.parametrize("count", [0, 1, 7, 100])
def test_the_interval_without_dispersion_is_garwood_s(count):
    ends = EventRate(count, 4.0, "hour").interval()
    assert ends.high == pytest.approx(chi2.ppf(0.975, 2 * count + 2) / 2 / 4)
    assert ends.low == pytest.approx(chi2.ppf(0.025, 2 * count) / 2 / 4 if count else 0.0)


def test_the_interval_holds_the_truth_where_walkers_alert_many_times():
    """Clusters of 1 to 9 alerts, true rate 50: at least 93 % of the intervals hold it, the plain Poisson far fewer."""
    rng = np.random.default_rng(0)
    good = naive = 0
    for _ in range(400):
        sizes = rng.integers(1, 10, max(rng.poisson(10), 1))
        k = int(sizes.sum())
        phi = float((sizes**2).sum() / k)
        carriers = float((sizes**2).sum() ** 2 / (sizes**4).sum())
        good += 50 in EventRate(k, 1.0, "hour", phi, carriers).interval()
        naive += 50 in EventRate(k, 1.0, "hour").interval()
    assert good >= 0.93 * 400
    assert naive < 0.7 * 400


def test_time_to_first_alert():
    alerts = table([(5, 0, 1, 0), (12, 0, 0, 0), (30, 0, 0, 1), (100, 0, 0, 0)])
    first = first_alerts(alerts, ["s0", "s0", "s9"], [10, 90, 0], [40, 95, 50])
    assert first.latency_s.tolist() == [2, np.inf, np.inf]
    assert first.share_within(2).errors == 1
    assert first.share_within(1).errors == 0
    assert first.share_within(np.inf).errors == 1
    assert (first.missed().errors, first.missed().people) == (2, 2)
    assert first.quantile(0.3) == 2
    assert first.quantile(0.5) == np.inf
    assert json.loads(json.dumps(first.to_dict()))["latency_s"]["50 %"] is None
    assert "1 of 3 journeys" in repr(first)


def test_threshold_and_frame():
    alerts = table([(3, 0, 0, 0), (1, 1, 1, 0)])
    assert alerts.time_s.tolist() == [1, 3]
    assert len(alerts.at(0.5)) == 1
    assert list(alerts.to_frame().columns)[-1] == "false"
    assert "2 alerts at 1 cameras, 1 of them false" in repr(alerts)


def test_no_alert_at_all():
    none = table([])
    assert len(none.deduplicated(60)) == 0
    rates = alert_rates(none, {"c0": 100.0})
    assert rates.an_hour.interval().high == pytest.approx(-np.log(0.025) / 100)
    assert rates.a_thousand_passers_by is None


def test_event_files(tmp_path):
    path = tmp_path / "alerts.csv"
    head = "camera,time_s,alleged,score,walker,subject\n"
    path.write_text(head + "gate,2026-11-01T10:00:05,s1,0.5,w1,\ngate,2026-11-01T12:00:00+02:00,s1,0.6,w2,s1\n")
    alerts = read_alerts(path)
    assert np.diff(alerts.time_s).tolist() == [5.0]
    assert alerts.false.tolist() == [False, True]
    for row, words in [
        ("gate,noon,s1,0.5,w1,\n", ":2: time_s 'noon' is neither seconds"),
        ("gate,inf,s1,0.5,w1,\n", ":2: time_s 'inf' is neither seconds"),
        ("gate,1,s1,high,w1,\n", ":2: the score 'high' is no number"),
        ("gate,1,s1,,w1,\n", ":2: the score is empty"),
        ("gate,1,,0.5,w1,\n", ":2: the alleged is empty"),
    ]:
        path.write_text(head + row)
        with pytest.raises(BadInput, match=words):
            read_alerts(path)
    path.write_text("camera,time_s\n")
    with pytest.raises(BadInput, match="column 'alleged' is missing, there are camera, time_s"):
        read_alerts(path)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda a: a.deduplicated(-1), "seconds"),
        (lambda a: a.deduplicated(1, key="camera"), "'subject and walker'"),
        (lambda a: alert_rates(a, {}), "hours"),
        (lambda a: alert_rates(a, {"c0": 0.0}), "above 0"),
        (lambda a: alert_rates(a, {"c1": 1.0}), "no hours"),
        (lambda a: alert_rates(a, {"c0": 1.0}, passers_by=0), "passers_by"),
        (lambda a: first_alerts(a, ["s0"], [5.0], [4.0]), "before its start"),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(BadInput, match=words):
        call(table([(0, 0, 0, 0)]))


def test_no_journey_is_not_measured():
    with pytest.raises(NotMeasured, match="no journey"):
        first_alerts(table([]), [], [], [])

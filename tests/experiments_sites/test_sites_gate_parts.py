"""The parts of a gate's answer, each on made-up people whose truth is known."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from facelab.config_sites import GateSite
from facelab.errors import NotMeasured
from facelab.experiments.sites.gate_ageing import ABSENT, ageing_of, ageing_section, people_a_year
from facelab.experiments.sites.gate_attacks import attacks_section, gate_attacks, made_up_presentations
from facelab.experiments.sites.gate_attempts import Passers, frame_rule, passers, template_rule
from facelab.experiments.sites.gate_enrolment import enrolment_section, mated_by_reference, quality_gate
from facelab.experiments.sites.gate_errors import errors_sections, gate_errors
from facelab.experiments.sites.gate_flow import desks_needed, flow_section, gate_flow
from facelab.experiments.sites.gate_policy import chosen_policy, policy_section
from facelab.experiments.sites.gate_protocol import gate_protocol
from facelab.experiments.sites.gate_words import cell, of_rate, of_so_many, seconds
from facelab.pipeline.track_faces import TrackFaces
from facelab.stats.openset import open_set_curve
from facelab.stats.planning import people_needed
from facelab.stats.rates import Rate
from facelab.stats.retries import attempts_alike, transactions
from facelab.stats.verification import ErrorCurve
from facelab.stats.workload import Estimate
from facelab.types import Comparisons, Gallery, Templates, Tracks

SITE = GateSite(
    wrong_at_most=0.05,
    runs=30,
    rosters=(10, 50, 5_000),
    sources=dict.fromkeys(("wrong_at_most", "runs", "rosters"), "x"),
)


def gate_table(seed: int = 1, people: int = 60, strangers: int = 80, tries: int = 3) -> Comparisons:
    """Enrolled people and strangers, each three times past two gates; some faces are hard whenever they come."""
    rng = np.random.default_rng(seed)
    enrolled = [f"w{i:02d}" for i in range(people + 20)]
    subject = [f"w{i:02d}" for i in range(people)] + [f"u{i:02d}" for i in range(strangers)]
    easy = np.where(rng.random(len(subject)) < 0.12, 0.28, 0.6)
    score, ids, starts, ends, who, camera = [], [], [], [], [], []
    for k in range(tries):
        for i, name in enumerate(subject):
            row = rng.normal(0.05, 0.07, len(enrolled))
            if name.startswith("w"):
                row[i] = rng.normal(easy[i], 0.06)
            failed = rng.random() < 0.02
            score.append(np.full(len(enrolled), np.nan) if failed else row)
            ids.append(f"gate/{name}/{k}")
            begin = 1000.0 * k + 10 * i
            starts.append(np.nan if failed else begin)
            ends.append(np.nan if failed else begin + rng.uniform(2, 4))
            who.append(name)
            camera.append("boarding" if k else "departure")
    attributes = {"camera": np.array(camera), "start_s": np.array(starts), "end_s": np.array(ends)}
    quality = {"quality": np.linspace(0.2, 0.9, len(enrolled))}
    return Comparisons(
        np.array(score), ids, who, [f"{e}/0" for e in enrolled], enrolled, enrolled, attributes, quality, "p", True
    )


def split(found: Comparisons) -> tuple[Comparisons, Comparisons]:
    """Every second person chooses."""
    first = np.array([int(name[1:]) % 2 == 0 for name in found.probe_subject])
    return found.take(first), found.take(~first)


def people(found: Comparisons) -> np.ndarray:
    return np.unique(found.probe_subject)


@pytest.fixture(scope="module")
def table() -> Comparisons:
    return gate_table()


@pytest.fixture(scope="module")
def chosen(table: Comparisons):
    rule = template_rule(table, passers(table, SITE, 1.0))
    halves = split(table)
    return chosen_policy(rule, SITE, (people(halves[0]), people(halves[1])))


def test_a_persons_passages_in_the_order_of_time_are_their_attempts(table: Comparisons) -> None:
    found = passers(table, SITE, 1.0)
    assert len(found) == len(table)
    for name in ("w03", "u07"):
        mine = found.person == name
        starts = found.start_s[mine]
        assert (np.diff(starts[~np.isnan(starts)]) > 0).all()
    seen = ~np.isnan(found.start_s)
    assert (
        (found.lasted_s[seen] >= 3) & (found.lasted_s[seen] <= 5)
    ).all()  # a passage of 2 to 4 s, and one to be sure
    assert (found.lasted_s[~seen] == SITE.timeout_s).all()
    assert (found.failed == ~seen).all()


def test_only_the_gates_own_cameras_count(table: Comparisons) -> None:
    named = {"cameras": ("boarding",), "sources": {"cameras": "here"}}
    assert len(passers(table, GateSite(**named), 1.0)) == 2 * len(table) // 3
    with pytest.raises(NotMeasured, match="nobody passed elsewhere; the cameras are boarding, departure"):
        passers(table, GateSite(cameras=("elsewhere",), sources={"cameras": "x"}), 1.0)


def test_the_template_decides_as_the_open_set_curve_counts(table: Comparisons) -> None:
    rule = template_rule(table, passers(table, SITE, 1.0))
    for threshold in (0.1, 0.2, 0.3, 0.5):
        once = transactions(rule.at(threshold), 1)
        point = open_set_curve(table).at(threshold)
        assert once.fpir.errors == point.fpir.errors
        assert once.fnir.errors == point.fnir.errors
        assert once.misidentified.errors == point.misidentification.errors
        assert (once.fnir.trials, once.fpir.trials) == (point.fnir.trials, point.fpir.trials)


def faces_of(rows: list[tuple[int, float, int]]) -> tuple[TrackFaces, SimpleNamespace, Gallery]:
    """Faces (track, seconds, whose face it shows) of two tracks, at a gallery of three people on three axes."""
    axes = np.eye(4, dtype=np.float32)
    track = np.array([t for t, _, _ in rows])
    time = np.array([s for _, s, _ in rows])
    n = len(rows)
    tracks = Tracks(
        ["g"] * n, (time * 10).astype(int), time, track, np.zeros((n, 4)), np.ones(n), np.ones(n), np.zeros((n, 5, 2))
    )
    embedding = np.stack([axes[who] for _, _, who in rows])
    who = ["ann", "bob", "cy"]
    reference = Templates(who, who, axes[:3], np.ones(3), np.ones(3), "p")
    ids = [f"g/{t}" for t in range(1, 3)]
    probes = Templates(
        ids, ["ann", ""], axes[[0, 3]], np.ones(2), np.ones(2), "p", {"passage": np.array(["pass-1", "pass-2"])}
    )
    faces = TrackFaces(np.arange(n), time, embedding, hindsight=True)
    return faces, SimpleNamespace(tracks=tracks, templates=probes), Gallery(reference, np.array(who))


def test_m_of_n_opens_at_the_moment_at_which_the_second_of_three_faces_agrees() -> None:
    faces, passages, gallery = faces_of(
        [(1, 10.0, 1), (1, 10.5, 0), (1, 11.0, 0), (1, 12.0, 0), (2, 20.0, 2), (2, 21.0, 1), (2, 22.0, 3), (2, 23.0, 2)]
    )
    table = Comparisons(
        np.zeros((2, 3)),
        ["pass-1", "pass-2"],
        ["ann", "bea"],
        ["r1", "r2", "r3"],
        ["ann", "bob", "cy"],
        ["ann", "bob", "cy"],
    )
    found = Passers(
        np.arange(2), np.array(["ann", "bea"]), np.array([True, False]), np.array([10.0, 20.0]), np.array([4.0, 5.0]),
        np.zeros(2, bool),
    )  # fmt: skip
    rule = frame_rule(table, found, faces, passages, gallery, (2, 3))
    at = rule.at(0.9)
    assert at.opened.tolist() == [True, False]
    assert at.seconds.tolist() == [1.0, 5.0]
    assert not at.wrong.any()
    single = frame_rule(table, found, faces, passages, gallery, (1, 1)).at(0.9)
    assert single.opened.tolist() == [True, True]
    assert single.wrong.tolist() == [True, True]  # the first face looked like bob; nobody knows bea
    assert single.seconds.tolist() == [0.0, 0.0]
    assert rule.levels[0] == pytest.approx(1.0)
    assert "2 of the last 3 faces" in rule.name


def test_the_policy_keeps_its_bound_where_it_was_chosen_and_retries_pay_for_hard_faces(table, chosen) -> None:
    rule = template_rule(table, passers(table, SITE, 1.0))
    select, report = (people(half) for half in split(table))
    k, threshold = chosen.policy.found.tries, chosen.policy.threshold
    where = transactions(rule.at(threshold).of(select), k)
    assert max(where.fpir.value, where.misidentified.value) <= SITE.wrong_at_most
    assert set(chosen.policy.found.person.tolist()) <= set(report.tolist())
    assert [p.found.tries for p in chosen.by_tries] == [1, 2, 3]
    assert chosen.alike is not None
    assert chosen.alike.factor > 2  # hard faces are hard again
    section = policy_section([chosen], SITE, 0.95)
    assert sum("(chosen)" in row[0] for row in section.table.rows) == 1
    assert "too few to tell how much alike" in section.sentences[-1]
    many = replace(chosen, alike=attempts_alike(rule.at(0.4)))
    assert many.alike.fails_again.trials >= 10
    assert "never by multiplying" in policy_section([many], SITE, 0.95).sentences[-1]


def test_rosters_are_measured_up_to_the_people_tested_and_marked_beyond(table, chosen) -> None:
    select, report = split(table)
    found = gate_errors(select, report, chosen.policy.threshold, SITE, 0.95)
    roster, claim = errors_sections(found, SITE, 0.95)
    kinds = {row[0]: row[1] for row in roster.table.rows}
    assert kinds == {"10": "measured", "50": "measured", "80": "measured", "5,000": "extrapolated"}
    assert roster.table.rows[-1][4] == "cannot tell"
    assert roster.table.rows[-1][3].startswith("at most")
    assert (np.diff(found.fpir.fpir) >= 0).all()
    assert found.fpir.fpir[2] == pytest.approx(open_set_curve(report).at(chosen.policy.threshold).fpir.value)
    assert claim.table.rows[0][0] == "1:N, roster 80"
    assert [row[0] for row in claim.table.rows[1:]] == ["1:1, FMR 0.001", "1:1, FMR 0.0001"]
    # the 1:1 threshold is that of the half that chose
    from facelab.stats.comparing import verification_curve_of_comparisons

    curve: ErrorCurve = verification_curve_of_comparisons(select)
    assert found.one_to_one[0].threshold == curve.threshold_at_fmr(1e-3).threshold
    assert claim.table.rows[2][1] == "cannot tell" or found.one_to_one[1].threshold >= found.one_to_one[0].threshold
    own = report.score[report.mated]
    assert (found.fta.errors, found.fta.trials) == (int(np.isnan(own).all(axis=1).sum()), len(own))


def test_queues_come_from_the_times_and_more_passengers_wait_longer(chosen) -> None:
    flow = gate_flow(chosen, SITE, 0.95)
    assert 3 < flow.half_s.value < flow.most_s.value
    assert flow.most_s.low <= flow.most_s.value <= flow.most_s.high
    crowd = SITE.model_copy(update={"departure_peak": ((30.0, 4_000.0),)})
    worse = gate_flow(chosen, crowd, 0.95)
    assert worse.departures.mean_wait_s.value > flow.departures.mean_wait_s.value
    assert worse.gates_needed > SITE.gates
    assert worse.desks >= flow.desks
    assert desks_needed(chosen.policy.found, SITE) == flow.desks
    section = flow_section([(chosen, flow)], SITE)
    assert len(section.table.rows) == 2
    assert "16 boarding gates are 8 flights at a time" in " ".join(section.sentences)
    same = gate_flow(chosen, SITE, 0.95)
    assert same.departures.to_dict() == flow.departures.to_dict()


def templates(subjects: list[str], shift: float, seed: int) -> Templates:
    """Unit templates: a person's own direction, and a step of `shift` away from it."""
    vectors = []
    for name in subjects:
        own = np.random.default_rng(int(name[1:])).normal(size=32)
        vectors.append(own / np.linalg.norm(own) + shift * np.random.default_rng([seed, int(name[1:])]).normal(size=32))
    unit = np.array(vectors) / np.linalg.norm(vectors, axis=1, keepdims=True)
    n = len(subjects)
    ids = [f"{seed}/{name}" for name in subjects]
    return Templates(ids, subjects, unit, np.linspace(0.3, 0.9, n), np.ones(n), "p")


def test_ageing_is_one_point_of_pairs_and_never_says_when_to_enrol_again() -> None:
    early = templates([f"m{i}" for i in range(90)], 0.05, 1)
    late = templates([f"m{i}" for i in range(50, 110)], 0.25, 2)
    found = ageing_of(early, late, (1e-2, 1e-3, 1e-9), (2014, 2024))
    assert found.pairs == 40
    assert [target for target, _, _ in found.points] == [1e-2, 1e-3]  # 1e-9 cannot be resolved
    one, many = found.points[0][1:]
    assert (one.fnmr.trials, many.fnir.trials, many.subjects) == (40, 40, 90)
    assert many.fnir.errors >= one.fnmr.errors
    words = " ".join(ageing_section(found, SITE, 0.95).sentences)
    assert "cannot be told" in words
    assert "What this may not be taken for" in words
    absent = ageing_section(ABSENT, SITE, 0.95)
    assert absent.sentences[0] == ABSENT
    assert absent.table is None
    with pytest.raises(NotMeasured, match="both years"):
        ageing_of(early, templates([f"m{i}" for i in range(200, 220)], 0.1, 2), (1e-2,), (2014, 2024))
    with pytest.raises(NotMeasured, match="too few portraits"):
        ageing_of(early, late, (1e-9,), (2014, 2024))


@pytest.mark.parametrize("rate", [0.02, 0.05, 0.2])
def test_the_people_a_year_hold_the_claim_with_a_fifth_of_the_errors(rate: float) -> None:
    n = people_a_year(rate)
    errors = max(1, int(0.2 * rate * n))
    assert Rate(errors, n).upper(0.95) <= rate * 1.0001
    assert n >= people_needed(rate, 1)


def test_attacks_of_no_file_are_made_up_by_a_seed_and_say_so(table: Comparisons) -> None:
    score, _, person = mated_by_reference(table)
    found, again = (gate_attacks(SITE, 0.3, score, person) for _ in range(2))
    assert found.made_up
    assert np.array_equal(found.scores.live, again.scores.live)
    assert found.scores.attack_species == ("mask", "print", "replay")
    section = attacks_section(found, SITE, 0.95)
    assert "made up by a seed" in section.sentences[0]
    assert "no measurement" in section.table.caption
    if found.at_gate is not None:
        assert found.at_gate.largest_iapar.value <= SITE.attack_at_most
        assert found.at_gate.rejected.errors >= found.at_gate.rejected_by_live.errors
    # liveness can only keep attacks out
    assert found.match_alone.largest_iapar.value >= SITE.attack_at_most
    empty = gate_attacks(SITE, 0.3, np.zeros(0), np.zeros(0, dtype=np.str_))
    assert "both attacks and bona fide" in empty
    assert attacks_section(empty, SITE, 0.95).sentences == (empty,)


def test_attacks_of_a_file_are_those_of_the_file(tmp_path) -> None:
    made = made_up_presentations(np.full(40, 0.6), np.array([f"p{i}" for i in range(40)]), np.random.default_rng(3))
    rows = ["score,species,subject,match_score"]
    rows += [f"{a:.4f},{s},{p},{m:.4f}" for a, s, p, m in zip(made.live, made.species, made.subject, made.match)]
    file = tmp_path / "pad.csv"
    file.write_text("\n".join(rows) + "\n", "utf-8")
    site = SITE.model_copy(update={"attack_scores": str(file)})
    found = gate_attacks(site, 0.3, np.zeros(0), np.zeros(0, dtype=np.str_))
    assert not found.made_up
    section = attacks_section(found, site, 0.95)
    assert section.sentences[0] == "Presentations of the site's own file, 160."
    assert section.table.caption == "measured on the site's file"


def test_a_file_without_match_scores_bounds_what_both_together_do(tmp_path, table: Comparisons) -> None:
    made = made_up_presentations(np.full(60, 0.6), np.array([f"p{i}" for i in range(60)]), np.random.default_rng(3))
    file = tmp_path / "live.csv"
    rows = [f"{a:.4f},{s},{p}" for a, s, p in zip(made.live, made.species, made.subject)]
    file.write_text("\n".join(["score,species,subject", *rows]) + "\n", "utf-8")
    site = SITE.model_copy(update={"attack_scores": str(file)})
    score, _, person = mated_by_reference(table)
    found = gate_attacks(site, 0.3, score, person)
    assert found.errors.largest_apcer.value <= site.attack_at_most
    assert found.by_match.errors == int((~(score >= 0.3)).sum())
    assert found.rejected.low <= max(found.by_match.value, found.errors.bpcer.value) <= found.rejected.value
    section = attacks_section(found, site, 0.95)
    assert [row[0] for row in section.table.rows][:3] == ["attacks: mask", "attacks: print", "attacks: replay"]
    strict = site.model_copy(update={"attack_at_most": 0.001})
    assert "cannot be resolved" in gate_attacks(strict, 0.3, score, person)


def test_refusing_the_worst_photographs_helps_where_quality_foresees_and_is_said_to_be_unknown_where_not() -> None:
    rng = np.random.default_rng(2)
    found = gate_table(3, people=60, strangers=2)
    own = {name: float(q) for name, q in zip(found.reference_subject, found.reference_attributes["quality"])}
    score = np.array(found.score)
    for row in np.flatnonzero(found.mated):
        column = int(np.flatnonzero(found.reference_subject == found.probe_subject[row])[0])
        score[row, column] = 0.2 + 0.8 * own[str(found.probe_subject[row])] + rng.normal(0, 0.03)
    foreseen = Comparisons(
        score, found.probe_id, found.probe_subject, found.reference_id, found.reference_subject, found.enrolled,
        found.probe_attributes, found.reference_attributes,
    )  # fmt: skip
    good = quality_gate(foreseen, 0.45, SITE.refused, "Foreseen")
    assert good.refusals[0].people == 0
    errors = [r.fnmr.value for r in good.refusals]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.3 * errors[0]
    assert good.refusals[-1].people == 12
    assert good.refusals[-1].not_through == pytest.approx(0.2 + 0.8 * errors[-1])
    assert good.areas.gain > 0.9
    blind = quality_gate(found, 0.45, SITE.refused, "Blind")
    words = enrolment_section([good, blind, "Nobody: why."], 0.95).sentences
    assert "does foresee" in words[1]
    assert "cannot tell that refusing" in words[2]
    assert words[3] == "Nobody: why."
    none = quality_gate(found, -1.0, SITE.refused, "Nobody missed")
    assert "nobody was missed" in enrolment_section([none], 0.95).sentences[1]


def test_references_without_quality_or_mates_are_refused(table: Comparisons) -> None:
    strangers = table.take(~table.mated)
    with pytest.raises(NotMeasured, match="no comparison of enrolled"):
        mated_by_reference(strangers)


def test_the_protocol_asks_for_the_people_that_exact_bounds_ask_for(chosen) -> None:
    rows = gate_protocol(chosen.policy.found, SITE, 80)
    assert len(rows) == 8
    assert rows[0].volunteers.startswith(f"{people_needed(0.05):,} who are on no roster")
    assert "4,500" in rows[5].why  # nine tenths of the largest roster
    assert all(row.claim and row.volunteers and row.passages and row.days and row.why for row in rows)
    assert len(gate_protocol(None, SITE, 80)) == 8


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((0.14, 0.07, 0.28), "of 100 people about 14 (between 7 and 28 would fit this data)"),
        ((0.0, 0.0, 0.0004), "of 10,000 people none seen (up to 4 would fit this data)"),
        ((0.004, 0.001, 0.012), "of 1,000 people about 4 (between 1 and 12 would fit this data)"),
        ((math.nan, 0.0, 1.0), "of people nothing is known"),
        ((1.0, 0.9, 1.0), "of 100 people about 100 (between 90 and 100 would fit this data)"),
    ],
)
def test_shares_are_said_as_people(given, said) -> None:
    assert of_so_many(*given, "people") == said


def test_words_of_rates_and_times() -> None:
    assert of_rate(Rate(0, 0), "people") == "of people nothing is known"
    assert cell(Rate(0, 0)) == "no trial"
    assert cell(Rate(1, 4)).startswith("25 % (1/4) [")
    assert cell(Rate(60, 60)) == "100 % (60/60) [94, 100]"
    assert seconds(Estimate(3.0, 2.0, math.inf)) == "3.0 s (between 2.0 and any time would fit this data)"
    assert seconds(Estimate(math.inf, 2.0, math.inf)).startswith("never")

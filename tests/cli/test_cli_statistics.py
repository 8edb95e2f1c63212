"""The commands of the statistics half, by hand-made files: what they count, what their JSON holds, what they refuse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result
from scipy.stats import beta, binomtest
from typer.testing import CliRunner

from facelab.cli.app import app

runner = CliRunner()


def run(*arguments: str | Path | float) -> Result:
    return runner.invoke(app, [*map(str, arguments)])


def answered(*arguments: str | Path | float) -> dict[str, Any]:
    """The JSON answer of a command that must go well."""
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def refused(*arguments: str | Path | float) -> str:
    """The one line of a command that must be refused."""
    result = run(*arguments)
    assert result.exit_code == 12, result.output
    assert result.stderr.count("\n") == 1
    return result.stderr


def written(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(lines) + "\n")
    return path


def candidate_lines(seed: int, mate: float, *, swap: bool = False) -> list[str]:
    """60 enrolled people and 120 strangers at two cameras, each with 40 candidates; the gate sees a little better."""
    rng = np.random.default_rng(seed)
    lines = []
    for camera, better in (("gate", 0.05), ("hall", 0.0)):
        for i in range(180):
            score = rng.normal(0, 0.1, 40)
            if i < 40:
                score[i] = rng.normal(mate + better, 0.1)
            who = f"e{i}" if i < 40 else f"u{i}"
            lines.append([f"{camera}{i},{who},e{g},{score[g]:.6f},{camera}" for g in range(40)])
    order = lines[::-1] if swap else lines
    return [line for probe in order for line in probe]


HEAD = "probe_id,probe_subject,reference_subject,score,camera"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two systems' candidates and scores of the same people."""
    place = tmp_path_factory.mktemp("files")
    written(place / "old.csv", [HEAD, *candidate_lines(1, 0.4)])
    written(place / "new.csv", [HEAD, *candidate_lines(1, 0.5, swap=True)])
    rng = np.random.default_rng(4)
    pairs = [(i, j) for i in range(40) for j in range(i, 40)] * 2
    for name, mated in (("a.csv", 0.45), ("b.csv", 0.55)):
        rows = [
            f"{rng.normal(mated if i == j else 0.0, 0.1):.6f},{int(i == j)},p{i},p{j},{'xy'[i % 2]},{'xy'[j % 2]}"
            for i, j in pairs
        ]
        written(place / name, ["score,mated,probe_subject,reference_subject,one,two", *rows])
    return place


class TestVerification:
    """What `facelab verification` says beyond its operating points."""

    def test_fixed_rates_are_the_fnmr_at_their_fmr(self, folder: Path) -> None:
        answer = answered("verification", folder / "a.csv")
        table = np.genfromtxt(folder / "a.csv", delimiter=",", skip_header=1, usecols=(0, 1))
        mated, other = table[table[:, 1] == 1, 0], np.sort(table[table[:, 1] == 0, 0])
        threshold = np.sort(table[table[:, 0] > other[len(other) - 1 - len(other) // 100], 0])[0]
        fixed = answer["traditional"]["fmr100"]
        assert fixed["value"] == pytest.approx((mated < threshold).mean())
        assert fixed["fnmr"]["errors"] == (mated < threshold).sum()
        assert answer["traditional"]["convention"] == "exact"

    def test_a_fixed_rate_beyond_the_data_has_a_reason_and_no_value(self, folder: Path) -> None:
        fixed = answered("verification", folder / "a.csv")["traditional"]["fmr10000"]
        assert fixed["value"] is None
        assert "10,000 trials" in fixed["reason"]

    @pytest.mark.parametrize("convention", ["nearest", "linear"])
    def test_another_tools_convention_gives_a_number_and_no_counts(self, folder: Path, convention: str) -> None:
        said = answered("verification", folder / "a.csv", "--convention", convention)["traditional"]
        assert said["eer"]["convention"] == convention
        assert 0 <= said["fmr100"]["value"] <= 1
        assert said["fmr100"]["fnmr"] is None

    def test_the_certified_threshold_stands_beside_the_plain_one(self, folder: Path) -> None:
        result = run("verification", folder / "a.csv", "--target-fmr", "0.2")
        (point,) = answered("verification", folder / "a.csv", "--target-fmr", "0.2")["operating_points"]
        assert "certified" in result.stdout
        assert f"{point['certified']['threshold']:.6g}" in result.stdout
        assert point["certified"]["threshold"] >= point["threshold"]

    def test_a_table_marks_intervals_that_are_not_to_be_relied_on_and_says_what_the_mark_means(
        self, tmp_path: Path
    ) -> None:
        rng = np.random.default_rng(8)
        rows = [f"{rng.normal(0.5, 0.1):.6f},1,p{i},p{i}" for i in range(150)]
        rows += [f"{rng.normal(0.0, 0.1):.6f},0,p{i},p{j}" for i in range(150) for j in range(i)]
        path = written(tmp_path / "s.csv", ["score,mated,probe_subject,reference_subject", *rows])
        (point,) = answered("verification", path, "--threshold", "0.13")["operating_points"]
        assert not point["fmr"]["reliable"]
        assert point["fmr"]["rarest"] == 50
        shown = run("verification", path, "--threshold", "0.13").stdout
        assert "]*" in shown
        said = next(line for line in shown.splitlines() if line.startswith("* rests on the people seen"))
        assert "people rarer than 1 in 50 make the errors, then at most" in said
        assert f"{point['fmr']['guaranteed'][1]:.2g} (FMR)" in said

    def test_forty_people_certify_no_lower_target_and_hear_how_many_would(self, folder: Path) -> None:
        result = run("verification", folder / "a.csv", "--target-fmr", "0.1")
        (point,) = answered("verification", folder / "a.csv", "--target-fmr", "0.1")["operating_points"]
        assert point["certified"]["threshold"] is None
        assert "with 40 people; without a single error it takes 58" in point["certified"]["reason"]
        assert "takes 58 people; there are 40" in result.stdout

    def test_the_tail_is_marked_as_a_model_and_refused_where_there_is_too_little(self, folder: Path) -> None:
        tail = answered("verification", folder / "a.csv", "--tail")["tail"]
        assert tail["model"] is True
        assert "10,000" in tail["refused"]
        assert "no extrapolation" in run("verification", folder / "a.csv", "--tail").stderr

    def test_a_fitted_tail_extrapolates_and_says_so(self, tmp_path: Path) -> None:
        rng = np.random.default_rng(2)
        rows = [f"{s:.7f},0" for s in rng.normal(0, 0.1, 20_000)] + ["0.5,1", "0.6,1"]
        path = written(tmp_path / "t.csv", ["score,mated", *rows])
        first, second = (answered("verification", path, "--tail", "--target-fmr", "1e-3")["tail"] for _ in range(2))
        assert first == second
        kinds = {point["target"]: point["extrapolated"] for point in first["thresholds"]}
        assert kinds == {1e-3: False, 1e-5: True}
        assert "a model's tail, no measurement" in run("verification", path, "--tail").stdout

    def test_more_data_is_asked_for_where_a_target_is_not_supported(self, folder: Path) -> None:
        answer = answered("verification", folder / "a.csv", "--target-fmr", "1e-3")
        assert "3,000 pairs of people" in answer["more_data"][0]


class TestIdentification:
    """What `facelab identification` says beyond its operating points."""

    def test_hits_by_rank_need_no_threshold(self, folder: Path) -> None:
        cmc = answered("identification", folder / "old.csv", "--cmc")["cmc"]
        assert cmc["mated"] == 80
        assert cmc["hits"] == sorted(cmc["hits"])
        assert cmc["at"][0]["hits"] == cmc["hits"][0]
        assert cmc["rate"][-1] == 1.0
        assert all(at["low"] <= at["rate"] <= at["high"] for at in cmc["at"])

    def test_a_smaller_operational_gallery_is_measured(self, folder: Path) -> None:
        said = answered(
            "identification", folder / "old.csv", "--operational-n", 20, "--threshold", 0.25, "--target-fpir", 0.1
        )
        found = said["operational"]
        assert (found["extrapolated"], found["tested_share_suffices"]) == (False, True)
        scale = found["fpir_by_gallery_size"][1]
        assert (scale["size"][-1], scale["extrapolated"][-1]) == (20, False)
        assert scale["fpir"][-1] < said["operating_points"][1]["fpir"]["rate"]
        assert "measured" in found["sentences"][1]

    def test_a_larger_operational_gallery_is_extrapolated_and_marked(self, folder: Path) -> None:
        arguments = ("identification", folder / "old.csv", "--operational-n", 400, "--target-fpir", 0.1)
        said = answered(*arguments)
        found = said["operational"]
        assert (found["extrapolated"], found["tested_share"]) == (True, 0.1)
        (threshold,) = found["thresholds"]
        assert threshold["threshold"] > said["operating_points"][0]["threshold"]
        scale = found["fpir_by_gallery_size"][0]
        assert scale["floor"][-1] <= scale["fpir"][-1] <= scale["ceiling"][-1]
        assert "extrapolated from 40" in found["sentences"][0]
        assert "NIST SP 800-63A-4" in run(*arguments).stderr

    def test_a_target_that_the_gallery_size_makes_unresolvable_has_a_reason(self, folder: Path) -> None:
        found = answered("identification", folder / "old.csv", "--operational-n", 40_000, "--target-fpir", 0.1)
        assert found["operational"]["thresholds"][0]["threshold"] is None
        assert "cannot be resolved" in found["operational"]["thresholds"][0]["reason"]


class TestWorkload:
    """`facelab workload`."""

    def test_numbers_by_hand(self) -> None:
        """30,000 passages, one in 1,000 enrolled: 29,970 * 0.001 false and 30 * 0.9 true alerts."""
        answer = answered(
            "workload", "--passengers", 10_000, "--cameras", 3, "--prevalence", "1/1000", "--fpir", 0.001, "--fnir", 0.1
        )
        assert answer["false_alerts_a_day"]["value"] == pytest.approx(29.97)
        assert answer["true_alerts_a_day"]["value"] == pytest.approx(27)
        assert answer["ppv"]["value"] == pytest.approx(27 / 56.97)
        assert answer["ppv"]["low"] is None
        assert answer["missed_a_year"] is None
        assert answer["review_hours_a_day"]["value"] == pytest.approx(56.97 * 2 / 60)

    def test_an_answer_of_identification_carries_its_intervals(self, folder: Path, tmp_path: Path) -> None:
        said = run("identification", folder / "old.csv", "--target-fpir", 0.1, "--target-fpir", 0.02, "--json").stdout
        point = tmp_path / "id.json"
        point.write_text(said)
        site = ("--passengers", 1000, "--prevalence", 0.01)
        answer = answered("workload", *site, "--point", point, "--target-fpir", 0.1)
        rate = json.loads(said)["operating_points"][0]["fpir"]
        assert answer["false_alerts_a_day"]["low"] < 990 * rate["rate"] < answer["false_alerts_a_day"]["high"]
        assert answer["subjects"] == 40
        direct = answered(
            "workload", *site, "--candidates", folder / "old.csv", "--threshold", repr(answer["threshold"])
        )
        assert direct["false_alerts_a_day"] == pytest.approx(answer["false_alerts_a_day"])

    def test_journeys_of_candidates_are_missed_less_often_than_passages(self, folder: Path) -> None:
        site = ("--passengers", 1000, "--prevalence", 0.01, "--cameras", 2, "--candidates", folder / "old.csv")
        by_journey = answered("workload", *site, "--threshold", 0.4, "--journeys")
        assert by_journey["missed_a_year"]["value"] < 3650 * 0.5
        assert answered("workload", *site, "--threshold", 0.4)["missed_a_year"] is None

    def test_a_dearer_miss_lowers_the_cheapest_threshold(self, folder: Path) -> None:
        site = ("workload", "--passengers", 1000, "--prevalence", 0.01, "--candidates", folder / "old.csv")
        low, high = (answered(*site, "--cost-miss", cost)["cheapest"] for cost in (10_000, 1))
        assert low["threshold"] < high["threshold"]
        assert low["in_sample"] is True

    def test_neither_rates_nor_a_point_nor_candidates_is_refused(self, folder: Path) -> None:
        site = ("workload", "--passengers", 1000, "--prevalence", 0.01)
        assert "one of the three" in refused(*site)
        assert "--fnir" in refused(*site, "--fpir", 0.1)
        assert "--threshold" in refused(*site, "--candidates", folder / "old.csv")
        assert "percentage" in refused("workload", "--passengers", 1, "--prevalence", 5, "--fpir", 0.1, "--fnir", 0.1)

    def test_a_person_reads_figures_with_their_intervals(self, folder: Path) -> None:
        site = ("--passengers", 1000, "--prevalence", 0.01)
        shown = run("workload", *site, "--candidates", folder / "old.csv", "--threshold", 0.3).stdout
        assert "false alerts a day" in shown
        assert "probability that an alert is right" in shown


class TestGroups:
    """`facelab groups`."""

    def test_searches_are_counted_by_a_column(self, folder: Path) -> None:
        answer = answered("groups", folder / "old.csv", "--by", "camera", "--threshold", 0.3)
        misses = {row["group"]: row for row in answer["false_negative"]["groups"]}
        assert {name: row["trials"] for name, row in misses.items()} == {"gate": 40, "hall": 40}
        counted = {"gate": 0, "hall": 0}
        for line in candidate_lines(1, 0.4):
            _, who, reference, score, camera = line.split(",")
            counted[camera] += who == reference and float(score) < 0.3
        assert counted["hall"] <= misses["hall"]["errors"]
        row = misses["gate"]
        assert row["simultaneous_low"] <= row["low"] <= row["rate"] <= row["high"] <= row["simultaneous_high"]
        assert 0 < answer["false_positive"]["test"]["p_value"] <= 1
        assert "could have gone unseen" in answer["false_positive"]["verdict"]

    def test_the_same_seed_gives_the_same_answer(self, folder: Path) -> None:
        one, two = (answered("groups", folder / "old.csv", "--by", "camera", "--threshold", 0.3) for _ in range(2))
        assert one == two

    def test_comparisons_are_counted_by_pairs_of_groups(self, folder: Path) -> None:
        arguments = ("groups", folder / "a.csv", "--by", "one", "--threshold", 0.2)
        answer = answered(*arguments, "--reference-by", "two")
        assert [row["group"] for row in answer["false_positive"]["groups"]] == ["x x x", "x x y", "y x y"]
        assert sum(row["trials"] for row in answer["false_positive"]["groups"]) == 2 * 40 * 39 // 2
        by_probe = answered(*arguments)
        assert [row["group"] for row in by_probe["false_positive"]["groups"]] == ["x", "y"]

    def test_a_missing_column_or_a_score_as_group_is_refused(self, folder: Path) -> None:
        assert "'tone' is missing" in refused("groups", folder / "old.csv", "--by", "tone", "--threshold", 0.3)
        assert "no group" in refused("groups", folder / "old.csv", "--by", "score", "--threshold", 0.3)

    def test_a_probe_in_two_groups_is_refused_with_its_line(self, tmp_path: Path) -> None:
        rows = ["p1,ann,ann,0.9,gate", "p1,ann,bob,0.1,hall", "p2,,ann,0.2,gate"]
        path = written(tmp_path / "c.csv", [HEAD, *rows])
        assert "c.csv:3" in refused("groups", path, "--by", "camera", "--threshold", 0.5)

    def test_a_groups_name_is_printed_as_it_is(self, tmp_path: Path) -> None:
        rows = ["p1,ann,ann,0.9,[red]", "p2,bob,bob,0.8,[blue]", "p3,,ann,0.2,[red]", "p4,,bob,0.1,[blue]"]
        path = written(tmp_path / "c.csv", [HEAD, *rows])
        assert "[red]" in run("groups", path, "--by", "camera", "--threshold", 0.5).stdout

    def test_false_alerts_are_counted_by_who_is_enrolled(self, tmp_path: Path) -> None:
        head = "probe_id,probe_subject,reference_subject,score,camera,list"
        rows = [
            "p1,,ann,0.9,gate,old",
            "p1,,bob,0.8,gate,new",
            "p2,,bob,0.1,hall,new",
            "p2,,cid,0.7,hall,new",
            "p3,,,,hall,",
            "p4,ann,ann,0.9,gate,old",
            "p5,bob,ann,0.3,gate,old",
            "p6,cid,cid,0.2,hall,new",
        ]
        path = written(tmp_path / "c.csv", [head, *rows])
        answer = answered("groups", path, "--reference-by", "list", "--threshold", 0.5)
        found = {row["group"]: row for row in answer["false_positive"]["groups"]}
        assert {name: (row["errors"], row["trials"]) for name, row in found.items()} == {"new": (2, 3), "old": (1, 3)}
        assert {name: row["subjects"] for name, row in found.items()} == {"new": 2, "old": 1}
        misses = {row["group"]: (row["errors"], row["trials"]) for row in answer["false_negative"]["groups"]}
        assert misses == {"new": (2, 2), "old": (0, 1)}
        assert answer["measures"] == {"weight": 0.5}
        both = answered("groups", path, "--by", "camera", "--reference-by", "list", "--threshold", 0.5)
        crossed = {row["group"]: (row["errors"], row["trials"]) for row in both["false_positive"]["groups"]}
        assert crossed == {"gate x new": (1, 1), "gate x old": (1, 1), "hall x new": (1, 2), "hall x old": (0, 2)}
        assert "FPIR by list" in run("groups", path, "--reference-by", "list", "--threshold", 0.5).stdout

    def test_an_enrolled_subject_in_two_groups_or_no_column_at_all_is_refused(self, tmp_path: Path) -> None:
        rows = ["p1,,ann,0.9,gate", "p2,,ann,0.1,hall"]
        path = written(tmp_path / "c.csv", [HEAD, *rows])
        assert "c.csv:3: 'ann' has two values" in refused("groups", path, "--reference-by", "camera", "--threshold", 1)
        assert "name a column" in refused("groups", path, "--threshold", 1)

    def test_comparisons_are_counted_by_the_reference_alone(self, folder: Path) -> None:
        answer = answered("groups", folder / "a.csv", "--reference-by", "two", "--threshold", 0.2)
        lines = (folder / "a.csv").read_text().splitlines()[1:]
        for row in answer["false_positive"]["groups"]:
            wanted = [line.split(",") for line in lines]
            scores = [float(f[0]) for f in wanted if f[1] == "0" and f[5] == row["group"]]
            assert (row["trials"], row["errors"]) == (len(scores), sum(s >= 0.2 for s in scores))


class TestQuality:
    """`facelab quality`."""

    @pytest.fixture
    def scores(self, tmp_path: Path) -> Path:
        """60 people, two mated comparisons each, whose quality foresees the score; non-mated ones without quality."""
        rng = np.random.default_rng(8)
        lines = []
        for i in range(120):
            quality = rng.integers(0, 10)
            lines.append(f"{0.2 + 0.05 * quality + rng.normal(0, 0.1):.5f},1,p{i % 60},p{i % 60},{quality},{9 - i % 3}")
        lines += [f"{rng.normal(0, 0.1):.5f},0,p{i % 60},q{i},," for i in range(300)]
        return written(tmp_path / "q.csv", ["score,mated,probe_subject,reference_subject,sharp,frontal", *lines])

    def test_a_quality_that_foresees_errors_gains_and_one_that_does_not_does_not(self, scores: Path) -> None:
        good = answered("quality", scores, "--quality", "sharp", "--target-fmr", 0.01)
        bad = answered("quality", scores, "--quality", "frontal", "--target-fmr", 0.01)
        assert good["gain"]["low"] > 0.1
        assert bad["gain"]["low"] < 0.1
        assert good["partial_area"]["low"] <= good["partial_area"]["value"] <= good["partial_area"]["high"]
        assert (good["comparisons"], good["people"], good["limit"]) == (120, 60, 0.2)
        assert [at["discarded"] for at in good["at"]] == [0.0, 0.01, 0.02, 0.05, 0.1, 0.2]
        assert good["at"][0]["errors"] == good["curve"]["errors"][0]
        assert good["threshold"] == bad["threshold"]

    def test_a_person_reads_the_areas_with_their_intervals(self, scores: Path) -> None:
        arguments = ("--quality", "sharp", "--reference-quality", "frontal", "--threshold", 0.4, "--limit", "1/4")
        said = run("quality", scores, *arguments)
        assert "sharp and frontal at a threshold of 0.4" in said.stdout
        assert "Partial area above the ideal to 25 %" in said.stdout
        assert "subjects" in said.stderr

    def test_what_is_missing_is_refused(self, scores: Path) -> None:
        assert "column 'blur' is missing" in refused("quality", scores, "--quality", "blur", "--threshold", 0.4)
        assert "one of the two" in refused("quality", scores, "--quality", "sharp")
        nothing = run("quality", scores, "--quality", "sharp", "--threshold", -0.4)
        assert nothing.exit_code == 11
        assert "is an error at this threshold" in nothing.stderr


class TestCompareScores:
    """`facelab compare-scores`."""

    def test_probes_are_joined_by_their_name_not_by_their_row(self, folder: Path) -> None:
        answer = answered("compare-scores", folder / "old.csv", folder / "new.csv", "--thresholds", 0.3, 0.3)
        fnir = answer["at_thresholds"]["fnir"]
        assert fnir["second"]["errors"] < fnir["first"]["errors"]
        assert fnir["test"]["only_second"] == 0
        wins = fnir["test"]["only_first"]
        assert fnir["test"]["p_value"] == pytest.approx(binomtest(0, wins).pvalue, abs=0.05)
        assert answer["at_thresholds"]["fpir"]["difference"] == 0

    def test_a_system_against_itself_differs_by_nothing(self, folder: Path) -> None:
        answer = answered("compare-scores", folder / "old.csv", folder / "old.csv", "--target", 0.05, "--margin", 0.05)
        assert answer["at_fpir"]["fnir"]["difference"] == 0
        assert answer["at_fpir"]["fnir"]["low"] <= 0 <= answer["at_fpir"]["fnir"]["high"]

    def test_scores_are_compared_at_the_same_fmr(self, folder: Path) -> None:
        answer = answered(
            "compare-scores", folder / "a.csv", folder / "b.csv", "--target", "1/100", "--thresholds", 0.45, 0.45
        )
        assert answer["kind"] == "verification"
        assert answer["at_fmr"]["fnmr"]["difference"] < 0
        assert answer["at_thresholds"]["fnmr"]["test"]["p_value"] < 0.05

    def test_given_thresholds_compare_both_error_rates_by_person(self, folder: Path) -> None:
        answer = answered("compare-scores", folder / "a.csv", folder / "b.csv", "--thresholds", 0.2, 0.3)
        tables = [np.genfromtxt(folder / f, delimiter=",", skip_header=1, usecols=(0, 1)) for f in ("a.csv", "b.csv")]
        found = answer["at_thresholds"]
        assert set(found) == {"fmr", "fnmr"}
        for part, table, at in zip(("first", "second"), tables, (0.2, 0.3)):
            accepted, mated = table[:, 0] >= at, table[:, 1] == 1
            assert found["fmr"][part]["errors"] == (accepted & ~mated).sum()
            assert found["fnmr"][part]["errors"] == (~accepted & mated).sum()
        assert "sign flips by person" in found["fmr"]["test"]["name"]
        assert found["fmr"]["low"] <= found["fmr"]["difference"] <= found["fmr"]["high"]
        assert found["fmr"]["non_inferiority"] is None
        said = run("compare-scores", folder / "a.csv", folder / "b.csv", "--thresholds", 0.2, 0.3).stdout
        assert "FMR" in said
        assert "FNMR" in said

    def test_a_failed_comparison_is_never_accepted(self, folder: Path, tmp_path: Path) -> None:
        lines = (folder / "a.csv").read_text().splitlines()
        at = next(i for i, line in enumerate(lines) if ",1," in line and float(line.split(",")[0]) > 0.4)
        lines[at] = "," + lines[at].split(",", 1)[1]
        failed = written(tmp_path / "failed.csv", lines)
        answer = answered("compare-scores", folder / "a.csv", failed, "--thresholds", 0.2, 0.2)
        assert answer["failed"] == [0, 1]
        assert answer["at_thresholds"]["fnmr"]["test"]["only_second"] == 1

    def test_files_that_do_not_match_are_refused(self, folder: Path, tmp_path: Path) -> None:
        fewer = written(tmp_path / "fewer.csv", (folder / "old.csv").read_text().splitlines()[:-40])
        assert "'hall179' is missing" in refused("compare-scores", folder / "old.csv", fewer, "--target", 0.1)
        assert "the other scores" in refused("compare-scores", folder / "old.csv", folder / "a.csv", "--target", 0.1)
        assert "give a target" in refused("compare-scores", folder / "old.csv", folder / "new.csv")
        lines = (folder / "b.csv").read_text().splitlines()
        other = written(tmp_path / "other.csv", [lines[0], *lines[:0:-1]])
        assert "comparison 1" in refused("compare-scores", folder / "a.csv", other, "--target", 0.1)


class TestAlerts:
    """`facelab alerts`."""

    @pytest.fixture
    def events(self, tmp_path: Path) -> Path:
        """w1 is named four times, once of them rightly; w2 once, rightly, at another camera."""
        rows = [
            "gate,0,w1,.6,t1,",
            "gate,10,w1,.5,t1,",
            "gate,20,w1,.7,t2,w1",
            "gate,90,w1,.4,t1,",
            "hall,5,w2,.9,t3,w2",
        ]
        return written(tmp_path / "events.csv", ["camera,time_s,alleged,score,walker,subject", *rows])

    def test_counts_by_hand(self, events: Path) -> None:
        answer = answered("alerts", events, "--hours", 2, "--passers-by", 500)
        said = answer["false_alerts"]
        assert (said["an_hour"]["count"], said["an_hour"]["rate"], said["true_alerts"]) == (3, 1.5, 2)
        assert said["a_camera_hour"]["rate"] == 0.75
        assert said["a_thousand_passers_by"]["rate"] == 6
        assert said["by_camera"]["hall"]["count"] == 0

    def test_a_cooldown_on_the_subject_alone_hides_the_real_person(self, events: Path) -> None:
        both = answered("alerts", events, "--hours", 2, "--cooldown", 60)
        alone = answered("alerts", events, "--hours", 2, "--cooldown", 60, "--key", "subject")
        assert (both["emitted"], both["false_alerts"]["true_alerts"]) == (4, 2)
        assert (alone["emitted"], alone["false_alerts"]["true_alerts"]) == (3, 1)

    def test_time_to_the_first_right_alert(self, events: Path, tmp_path: Path) -> None:
        journeys = written(tmp_path / "j.csv", ["subject,start_s,end_s", "w1,0,50", "w2,0,50", "w3,0,50"])
        found = answered("alerts", events, "--hours", 2, "--journeys", journeys)["journeys"]
        assert (found["missed"]["errors"], found["missed"]["trials"]) == (1, 3)
        assert found["latency_s"]["50 %"] == 20
        assert found["latency_s"]["90 %"] is None

    def test_hours_of_one_camera_stand_before_those_of_all(self, events: Path) -> None:
        said = answered("alerts", events, "--hours", 2, "--hours", "hall=4", "--hours", "quiet=6")["false_alerts"]
        exposure = {name: rate["exposure"] for name, rate in said["by_camera"].items()}
        assert exposure == {"gate": 2, "hall": 4, "quiet": 6}

    @pytest.mark.parametrize(
        ("hours", "said"),
        [
            (["gate"], "gate=8"),
            (["gate=2"], "'hall' has alerts"),
            (["1", "2"], "twice"),
            (["gate=0", "hall=1"], "above 0"),
        ],
    )
    def test_hours_that_cannot_be_used_are_refused(self, events: Path, hours: list[str], said: str) -> None:
        arguments = [part for text in hours for part in ("--hours", text)]
        assert said in refused("alerts", events, *arguments)

    def test_bad_journeys_are_refused_with_their_line(self, events: Path, tmp_path: Path) -> None:
        bad = written(tmp_path / "j.csv", ["subject,start_s,end_s", "w1,soon,50"])
        assert "j.csv:2" in refused("alerts", events, "--hours", 2, "--journeys", bad)
        short = written(tmp_path / "k.csv", ["subject,start_s", "w1,1"])
        assert "'end_s' is missing" in refused("alerts", events, "--hours", 2, "--journeys", short)


class TestAttacks:
    """`facelab attacks`."""

    @pytest.fixture
    def presentations(self, tmp_path: Path) -> Path:
        """20 bona fide from 0.5 up, 20 prints below 0.2, 20 replays up to 0.6, one print without a response."""
        rows = [f"{0.5 + i / 40:.3f}," for i in range(20)] + [f"{i / 100:.3f},print" for i in range(20)]
        rows += [f"{i * 0.6 / 19:.4f},replay" for i in range(20)] + [",print"]
        return written(tmp_path / "pad.csv", ["score,species", *rows])

    def test_the_largest_apcer_is_that_of_the_worst_species(self, presentations: Path) -> None:
        (point,) = answered("attacks", presentations, "--threshold", 0.5)["operating_points"]
        assert point["largest_apcer"]["species"] == "replay"
        assert (point["apcer"]["replay"]["errors"], point["apcer"]["print"]["errors"]) == (4, 0)
        assert (point["bpcer"]["errors"], point["nonresponse"]["print"]["errors"]) == (0, 1)

    def test_bpcer20_and_a_target_beyond_the_data(self, presentations: Path) -> None:
        met, missed = answered("attacks", presentations, "--target-apcer", "1/20", "--target-apcer", 0.01)[
            "operating_points"
        ]
        assert met["largest_apcer"]["rate"] == 0.05
        assert (missed["threshold"], missed["unattainable"]["needed"]) == (None, 100)
        shown = run("attacks", presentations, "--target-apcer", 0.05)
        assert "largest APCER (replay)" in shown.stdout

    def test_no_threshold_at_all_is_refused(self, presentations: Path) -> None:
        assert "--target-apcer" in refused("attacks", presentations)


class TestPlan:
    """`facelab plan`."""

    def test_people_for_one_in_six_thousand(self) -> None:
        (test,) = answered("plan", "--target-fpir", "1/6000", "--gallery", 1000)["tests"]
        people = {row["errors"]: row["people"] for row in test["people"]}
        assert people[0] == 17_973
        assert test["enrol"] == 900
        for errors, n in people.items():
            assert beta.ppf(0.95, errors + 1, n - errors) <= 1 / 6000 < beta.ppf(0.95, errors + 1, n - errors - 1)

    def test_pairs_of_people_take_twice_as_many(self) -> None:
        tests = answered("plan", "--target-fmr", 1e-3, "--target-fnmr", 1e-3)["tests"]
        assert [test["measure"] for test in tests] == ["FMR", "FNMR"]
        assert tests[0]["people"][0]["people"] == 2 * tests[1]["people"][0]["people"]

    def test_a_person_reads_a_sentence(self) -> None:
        shown = run("plan", "--target-fpir", "1/6000").stdout
        assert "17,973 people who are not enrolled and no error" in " ".join(shown.split())

    def test_no_target_and_a_bad_one_are_refused(self) -> None:
        assert "1/6000" in refused("plan")
        assert run("plan", "--target-fpir", "1/0").exit_code == 2
        assert run("plan", "--target-fpir", "often").exit_code == 2
        assert "target" in refused("plan", "--target-fpir", 2)


class TestOptionsOfTheTwo:
    """Groups, a second system and the floor as options of `facelab verification` and `facelab identification`."""

    def test_identification_by_a_column_is_what_groups_says(self, folder: Path) -> None:
        answer = answered("identification", folder / "old.csv", "--threshold", 0.3, "--by", "camera")
        alone = answered("groups", folder / "old.csv", "--by", "camera", "--threshold", 0.3)
        (found,) = answer["groups"]
        assert {name: alone[name] for name in found} == found

    def test_verification_by_a_column_of_the_probe_is_tested(self, folder: Path) -> None:
        groups = answered("verification", folder / "a.csv", "--threshold", 0.2, "--by", "one")["groups"]
        assert 0 < groups[0]["false_positive"]["test"]["p_value"] <= 1

    def test_verification_by_a_column_counts_what_it_reports(self, folder: Path) -> None:
        answer = answered("verification", folder / "a.csv", "--target-fmr", 0.1, "--target-fmr", 1e-9, "--by", "one")
        (found,) = answer["groups"]
        errors = sum(row["errors"] for row in found["false_positive"]["groups"])
        assert errors == answer["operating_points"][0]["fmr"]["errors"]

    def test_a_second_system_is_compared_at_each_target_and_threshold(self, folder: Path) -> None:
        arguments = ("--target-fpir", 0.1, "--target-fpir", 1e-4, "--threshold", 0.3, "--against", folder / "new.csv")
        first, second, third = answered("identification", folder / "old.csv", *arguments)["against"]
        assert first["at_fpir"]["fnir"]["difference"] < 0
        assert "cannot be resolved" in second["reason"]
        assert third["at_thresholds"]["fnir"]["test"]["p_value"] <= 1
        one = answered("verification", folder / "a.csv", "--target-fmr", 0.01, "--against", folder / "b.csv")
        assert one["against"][0]["at_fmr"]["fnmr"]["difference"] < 0

    def test_the_floor_of_each_threshold_is_what_workload_says(self, folder: Path) -> None:
        site = ("--passengers", 1000, "--prevalence", "1/100", "--cameras", 2)
        (found,) = answered("identification", folder / "old.csv", "--threshold", 0.3, *site)["workload"]
        alone = answered("workload", *site, "--candidates", folder / "old.csv", "--threshold", 0.3)
        assert found["false_alerts_a_day"] == alone["false_alerts_a_day"]
        assert found["missed_a_year"] is None

    def test_a_person_reads_them_all(self, folder: Path) -> None:
        arguments = ("--threshold", 0.3, "--by", "camera", "--passengers", 10, "--prevalence", 0.1)
        shown = run("identification", folder / "old.csv", *arguments, "--against", folder / "new.csv").stdout
        for said in ("FPIR by camera", "second minus first", "false alerts a day"):
            assert said in shown

    def test_what_is_missing_is_refused(self, folder: Path, tmp_path: Path) -> None:
        old = folder / "old.csv"
        assert "--prevalence" in refused("identification", old, "--threshold", 0.3, "--passengers", 10)
        assert "--against" in refused("identification", old, "--against", folder / "new.csv")
        assert "'tone' is missing" in refused("identification", old, "--threshold", 0.3, "--by", "tone")

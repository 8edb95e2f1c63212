"""Real portraits: everybody is enrolled, and a person who stands in the list twice under two names is noticed."""

import pytest

from facelab.config import Runtime
from facelab.data.photographs import Photograph, Photographs
from facelab.data.research import congress_portraits
from facelab.gallery import enrol_photographs, enrolment_report

pytestmark = [pytest.mark.research, pytest.mark.models, pytest.mark.slow, pytest.mark.usefixtures("own_cache")]


def test_a_person_ten_years_older_under_another_name_is_noticed(research_data):
    old = {p.subject_id: p for p in congress_portraits((2014,)).photographs}
    new = [p for p in congress_portraits((2024,)).photographs if p.subject_id not in old]
    both = [p for p in congress_portraits((2024,)).photographs if p.subject_id in old][:2]
    people = [*list(old.values())[:8], *new[:8], *both, *(old[p.subject_id] for p in both)]
    people = list({p.sample_id: p for p in people}.values())
    renamed = [
        Photograph(p.sample_id, "alias" if p.sample_id == both[0].sample_id else p.subject_id, p.path) for p in people
    ]
    gallery = enrol_photographs(Photographs(research_data / "congress", tuple(renamed)), runtime=Runtime(workers=2))
    report = enrolment_report(gallery)
    assert report.failed_subjects == ()
    assert [{p.subject_a, p.subject_b} for p in report.one_person_two_names] == [{"alias", both[0].subject_id}]
    assert report.two_people_one_name == ()

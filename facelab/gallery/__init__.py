"""The watchlist: enrolment from photographs or from footage, and what stands in the way of it."""

from facelab.gallery.enrolment import enrol, enrol_photographs
from facelab.gallery.from_footage import FootageEnrolment, enrol_from_footage
from facelab.gallery.merge import merged_galleries
from facelab.gallery.report import EnrolmentReport, enrolment_report
from facelab.gallery.stills import embed_photographs, photograph_templates

__all__ = [
    "EnrolmentReport",
    "FootageEnrolment",
    "embed_photographs",
    "enrol",
    "enrol_from_footage",
    "enrol_photographs",
    "enrolment_report",
    "merged_galleries",
    "photograph_templates",
]

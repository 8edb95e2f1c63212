"""The watchlist: enrolment from photographs or from footage, and what stands in the way of it."""

from facelab.gallery.enrolment import enrol, enrol_photographs
from facelab.gallery.from_footage import FootageEnrolment, enrol_from_footage
from facelab.gallery.merge import merged_galleries
from facelab.gallery.report import EnrolmentReport, enrolment_report
from facelab.gallery.stills import embed_photographs, photograph_templates
from facelab.gallery.vault import Vault, new_vault, public_log
from facelab.gallery.vault_key import new_vault_key, vault_key

__all__ = [
    "EnrolmentReport",
    "FootageEnrolment",
    "Vault",
    "embed_photographs",
    "enrol",
    "enrol_from_footage",
    "enrol_photographs",
    "enrolment_report",
    "merged_galleries",
    "new_vault",
    "new_vault_key",
    "photograph_templates",
    "public_log",
    "vault_key",
]

"""The audit of a watchlist: duplicates, mislabelled samples, hubs, poor photographs and near neighbours."""

from facelab.experiments.gallery_audit.audit import Searched, audit_gallery
from facelab.experiments.gallery_audit.findings import KINDS, Finding, GalleryAudit

__all__ = ["KINDS", "Finding", "GalleryAudit", "Searched", "audit_gallery"]

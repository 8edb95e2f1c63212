"""Names for footage that has none: passages grouped, reviewed and labelled."""

from facelab.label.agreement import Agreement, agreement_of
from facelab.label.anchors import Anchors
from facelab.label.effects import Scores
from facelab.label.labelfile import Answers, LabelFile, read_answers
from facelab.label.labels import Contradiction, Labels, labels_of
from facelab.label.links import LinkModel, link_model
from facelab.label.material import Material, material_of
from facelab.label.named_truth import NamedCounts, named_truth
from facelab.label.panel import LabelPanel
from facelab.label.proposals import Groups, proposed_groups
from facelab.label.questions import Asked, Grounds, open_questions
from facelab.label.session import Session

__all__ = [
    "Agreement",
    "Anchors",
    "Answers",
    "Asked",
    "Contradiction",
    "Grounds",
    "Groups",
    "LabelFile",
    "LabelPanel",
    "Labels",
    "LinkModel",
    "Material",
    "NamedCounts",
    "Scores",
    "Session",
    "agreement_of",
    "labels_of",
    "link_model",
    "material_of",
    "named_truth",
    "open_questions",
    "proposed_groups",
    "read_answers",
]

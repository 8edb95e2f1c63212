"""What a study can say where names are missing, or may be wrong."""

from facelab.experiments.doubt.label_errors import label_error_sentences, label_errors_figure, suspect_table
from facelab.experiments.doubt.unlabelled import unlabelled_sentences

__all__ = ["label_error_sentences", "label_errors_figure", "suspect_table", "unlabelled_sentences"]

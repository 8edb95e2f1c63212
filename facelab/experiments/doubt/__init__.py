"""What a study can say where names are missing, or may be wrong."""

from facelab.experiments.doubt.unlabelled import unlabelled_sentences

__all__ = ["unlabelled_sentences"]

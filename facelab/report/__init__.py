"""Words and pages from results: rows of a table, sentences, and HTML that needs no network.

Results come here as the plain values that they write to JSON, so that a page can be made where the statistics were
never loaded.
"""

from facelab.report.rows import ThresholdRow, threshold_rows
from facelab.report.words import finding, matched, more_data, resolution

__all__ = ["ThresholdRow", "finding", "matched", "more_data", "resolution", "threshold_rows"]

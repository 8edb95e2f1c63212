"""Names for footage that has none: passages grouped, reviewed and labelled."""

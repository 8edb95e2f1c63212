"""Hypothesis on a machine that is shared: no deadline for a single example, and fewer of them."""

from hypothesis import settings

settings.register_profile("statistics", deadline=None, max_examples=60)
settings.load_profile("statistics")

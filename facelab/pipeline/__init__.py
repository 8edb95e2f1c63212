"""From pixels to templates: packs of models, detection, alignment, quality, tracking, embedding, pooling, the cache.

Nothing here knows a threshold or a rate; what comes out are tracks and templates. See `facelab.pipeline.packs` for the
models and `facelab.pipeline.run` for the chain.
"""

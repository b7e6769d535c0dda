"""Property tests show what holds; how long an example takes on a busy machine is no property."""

from hypothesis import settings

settings.register_profile("modelgate", deadline=None)
settings.load_profile("modelgate")

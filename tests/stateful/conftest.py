"""Profiles: `--hypothesis-profile=long` searches for half an hour; without it, a minute."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("long", max_examples=400, stateful_step_count=60, deadline=None)

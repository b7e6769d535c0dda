"""The successor of a model, case by case, over one list that stands newest first."""

from __future__ import annotations

import pytest

from modelgate.domain.catalogue import Entry
from modelgate.domain.successor import Candidate, Needs, gains, successor, unmet


def entry(model_id, line="sonnet", lifecycle="active", tokens=200_000, **capabilities):
    """An entry; a line of None is one that the API does not tell."""
    known = line is not None
    return Entry(model_id, lifecycle, line=line, line_known=known, max_input_tokens=tokens, capabilities=capabilities)


OPUS_5 = entry("opus-5", "opus", batch=True)
SONNET_9 = entry("sonnet-9", lifecycle=None, batch=True)
SONNET_8 = entry("sonnet-8", lifecycle="deprecated", batch=True)
SONNET_7 = entry("sonnet-7", batch=False)
SONNET_6 = entry("sonnet-6", tokens=1_000_000)
SONNET_5 = entry("sonnet-5", lifecycle="deprecated", batch=True)
NEBULA = entry("nebula-1", None, "deprecated")
SONNET_4 = entry("sonnet-4", lifecycle="retired", batch=True)
LISTED = (OPUS_5, SONNET_9, SONNET_8, SONNET_7, SONNET_6, SONNET_5, NEBULA, SONNET_4)


@pytest.mark.parametrize(
    ("present", "needs", "words", "expected"),
    [
        ("sonnet-5", Needs(), {}, "sonnet-7"),  # neither deprecated nor of a lifecycle that is not told
        ("sonnet-4", Needs(), {}, "sonnet-7"),  # retired ones have their place, too
        ("sonnet-5", Needs(requires=("batch",)), {}, None),  # refused by one, not told by the other
        ("sonnet-5", Needs(min_input_tokens=500_000), {}, "sonnet-6"),
        ("sonnet-5", Needs(min_output_tokens=1), {}, None),  # a limit that is not told is not met
        ("sonnet-5", Needs(allowed_lines=("opus",)), {}, None),
        ("sonnet-5", Needs(allowed_lines=("opus",)), {"line": "opus"}, "opus-5"),
        ("sonnet-7", Needs(), {}, None),  # nothing newer fits; never an older one
        ("sonnet-7", Needs(), {"to": "sonnet-6"}, "sonnet-6"),  # unless somebody says so
        ("sonnet-5", Needs(), {"to": "sonnet-8"}, None),  # a certain ID is held to the same
        ("nebula-1", Needs(), {}, None),  # a line is never guessed from a name
        ("gone-1", Needs(), {}, None),
        ("gone-1", Needs(), {"to": "opus-5"}, "opus-5"),
        ("sonnet-5", Needs(), {"to": "opus-6"}, None),
    ],
)
def test_the_successor_is_the_first_newer_active_model_that_fits(present, needs, words, expected):
    """Of the same line or the one that is asked for, in the order of the API's list."""
    found = successor(LISTED, present, needs, **words).entry
    assert (found.id if found else None) == expected


def test_what_rules_each_candidate_out_is_told():
    """No is never without a reason."""
    assert successor(LISTED, "sonnet-5", Needs(requires=("batch",))).candidates == (
        Candidate("sonnet-9", ("is not said to be active",)),
        Candidate("sonnet-8", ("is deprecated",)),
        Candidate("sonnet-7", ("does not support batch",)),
        Candidate("sonnet-6", ("does not say whether it supports batch",)),
    )


@pytest.mark.parametrize(
    ("present", "words", "problem"),
    [
        ("nebula-1", {}, "its line is not known"),
        ("gone-1", {}, "its place in the list of models is not known"),
        ("sonnet-5", {"to": "opus-6"}, "the Models API lists no opus-6"),
    ],
)
def test_why_nothing_could_be_looked_at_is_told(present, words, problem):
    """Unknown is not the same as none that fits."""
    assert successor(LISTED, present, Needs(), **words).problem == problem


def test_a_model_without_a_line_has_no_successor():
    """The API says that it belongs to none."""
    alone = Entry("alone-1", "deprecated", line=None, line_known=True)
    assert successor((SONNET_7, alone), "alone-1", Needs()).problem == "it belongs to no line"


def test_only_what_both_say_is_gained_or_lost():
    """A fact that is absent is not a fact that changed."""
    before, after = entry("a", batch=True, citations=False, pdf=True), entry("b", tokens=5, batch=False, citations=True)
    changed = gains(before, after)
    assert (changed.gained, changed.lost) == (("citations",), ("batch",))
    assert changed.limits == (("max_input_tokens", 200_000, 5),)


def test_a_model_that_meets_all_needs_lacks_nothing():
    """The needs of a slot, each met."""
    assert unmet(OPUS_5, Needs(("batch",), 200_000, None, ("opus", "sonnet"))) == ()

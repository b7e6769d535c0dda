"""Every finding as people read it: one short line, and a hint that can be typed as it stands."""

from __future__ import annotations

import shlex
import unicodedata

import pytest
from check_scenes import Names, Scenes

from modelgate.checks.judgement import judge
from modelgate.domain.check_ids import CHECK_IDS
from modelgate.domain.findings import Finding

ACCEPT = 'modelgate accept summarizer --run {run} --reason "…" -s checkout -e prod'
KEEP = 'modelgate release summarizer --keep --reason "…" -s checkout -e prod'
RELEASE = 'modelgate release summarizer --accept --reason "…" -s checkout -e prod'
WAYS_OUT = "to keep claude-opus-4-5-20251101 for good, or to run claude-sonnet-4-5-20250929 from the next start on"
STAY = 'modelgate rollback summarizer --to claude-opus-4-5-20251101 --reason "…" -s checkout -e prod'
MODELS = "modelgate models -s checkout -e prod"
ACTIVE = "modelgate models --lifecycle active -s checkout -e prod"
FINDINGS = [
    ("drift.slot-removed", "note", "pinned, but no longer in the settings", "", ()),
    ("drift.pin-retired", "refuse", "claude-opus-4-5-20251101, which it may run, is retired", "", (ACCEPT,)),
    (
        "drift.pin-missing",
        "refuse",
        "claude-opus-4-5-20251101, which it may run, is gone from the catalogue",
        "",
        (ACCEPT,),
    ),
    (
        "drift.hold-expired",
        "refuse",
        "the hold on claude-opus-4-5-20251101 expired 2026-11-22T11:00Z",
        WAYS_OUT,
        (KEEP, RELEASE),
    ),
    (
        "drift.settings-override-hold",
        "refuse",
        "means claude-sonnet-4-5-20250929, held on claude-opus-4-5-20251101",
        "set model to claude-opus-4-5-20251101: the application reads its own settings",
        (),
    ),
    ("drift.held", "note", "held on claude-opus-4-5-20251101 until 2026-11-22T13:00Z", WAYS_OUT, (KEEP, RELEASE)),
    (
        "drift.unpinned",
        "refuse",
        "never approved to run anything; it would be claude-sonnet-4-5-20250929",
        "",
        (ACCEPT,),
    ),
    ("drift.reference-changed", "refuse", "asks for claude-sonnet-4-5; approved: claude-opus-4-5", "", (ACCEPT,)),
    (
        "drift.alias-moved",
        "refuse",
        "means claude-sonnet-4-5-20250929 now; pinned: claude-opus-4-5-20251101",
        "to move to claude-sonnet-4-5-20250929, or to stay on claude-opus-4-5-20251101",
        (ACCEPT, STAY),
    ),
    ("drift.reference-renamed", "note", "claude-sonnet-4-5 is claude-opus-4-5 by another name", "", (ACCEPT,)),
    ("drift.earlier-pin", "note", "runs an earlier pin; the newest is for claude-opus-4-5", "", ()),
    (
        "catalogue.unknown-model",
        "refuse",
        "no model is called claude-sonnet-4-5",
        "did you mean claude-sonnet-4-5-20250929?",
        (MODELS,),
    ),
    (
        "catalogue.retired",
        "refuse",
        "claude-sonnet-4-5 is retired: requests that name it fail",
        "choose another",
        (MODELS,),
    ),
    (
        "catalogue.not-permitted",
        "refuse",
        "this API key may not use claude-sonnet-4-5",
        "ask an admin of the API organization, or use another key",
        (),
    ),
    (
        "catalogue.alias",
        "refuse",
        "claude-sonnet-4-5 is an alias of claude-sonnet-4-5-20250929",
        "set model to claude-sonnet-4-5-20250929",
        (),
    ),
    ("catalogue.deprecated", "warn", "claude-sonnet-4-5-20250929 is deprecated", "plan the move", (ACTIVE,)),
    (
        "catalogue.retires-soon",
        "refuse",
        "claude-sonnet-4-5-20250929 retires in 14 days, on 2026-12-07",
        "move to another model",
        (ACTIVE,),
    ),
    (
        "catalogue.retirement-overdue",
        "refuse",
        "claude-sonnet-4-5-20250929 was to retire on 2026-11-21 and is still served",
        "move to another model",
        (ACTIVE,),
    ),
    (
        "catalogue.lifecycle-unknown",
        "warn",
        "the API does not say whether claude-sonnet-4-5-20250929 is deprecated",
        "an older gateway? ask the Models API itself to see retirements coming",
        (),
    ),
    (
        "catalogue.missing-capability",
        "refuse",
        "claude-sonnet-4-5-20250929 does not support batch",
        "choose one that does",
        (MODELS,),
    ),
    (
        "catalogue.limit-too-small",
        "refuse",
        "max_input_tokens is 100000, needed: 200000",
        "choose a larger model than claude-sonnet-4-5-20250929",
        (MODELS,),
    ),
    (
        "catalogue.line-not-allowed",
        "refuse",
        "of line opus; allowed: haiku, sonnet",
        "choose a model of an allowed line",
        (MODELS,),
    ),
    (
        "catalogue.fact-unknown",
        "unknown",
        "not known: max_tokens of claude-sonnet-4-5-20250929",
        "ask an API that does, or drop the requirement",
        (),
    ),
    ("drift.facts-changed", "warn", "lost since it was pinned: opus and 1 more", "", (ACCEPT,)),
    (
        "drift.retirement-moved",
        "warn",
        "it retires earlier: 2027-12-27 instead of 2028-04-05",
        "",
        (ACCEPT,),
    ),
    ("drift.origin-changed", "warn", "pinned at https://opus, asked: https://api.anthropic.com", "", (ACCEPT,)),
    (
        "drift.not-promoted",
        "refuse",
        "staging has not handed over claude-sonnet-4-5-20250929",
        "deploy it to staging first, let it run for 24 hours",
        (),
    ),
    ("api.origin-not-approved", "refuse", "the API said opus (req_opus)", "try again", ()),
    ("api.unreachable", "unknown", "the API said opus (req_opus)", "try again", ()),
    ("api.rate-limited", "unknown", "the API said opus (req_opus)", "try again", ()),
    ("api.credentials", "unknown", "the API said opus (req_opus)", "try again", ()),
    ("api.untrusted-answer", "unknown", "the API said opus (req_opus)", "try again", ()),
    (
        "api.entry-unreadable",
        "note",
        "claude-opus-4-5: opus",
        "nothing is judged by such an entry; the API's support should know of it",
        (),
    ),
    ("store.unreachable", "unknown", "the store said opus", "try again", ()),
    ("store.schema-behind", "unknown", "the store said opus", "try again", ()),
    ("store.schema-incompatible", "unknown", "the store said opus", "try again", ()),
    ("store.schema-ahead", "note", "newer", "upgrade", ()),
    ("store.unencrypted", "note", "in the clear", "TLS", ()),
    ("store.created", "warn", "new", "keep it", ()),
    (
        "api.grace",
        "warn",
        "verified 2026-11-22 11:00Z, good for 1.0 more hours",
        "because connection refused; try again",
        (),
    ),
    (
        "store.grace",
        "warn",
        "verified 2026-11-22 11:00Z, good for 1.0 more hours",
        "because connection refused; try again",
        (),
    ),
    (
        "settings.unknown-variable",
        "warn",
        "no setting reads $MODELGATE_API__opus",
        "did you mean MODELGATE_API__ORIGINS?",
        (),
    ),
    (
        "settings.model-from-unset",
        "unknown",
        "the variable GRADER_MODEL is not set",
        "export GRADER_MODEL=…, or say model instead of model_from",
        (),
    ),
    (
        "settings.untrusted",
        "refuse",
        "api.base_url would send the API key to claude-opus-4-5",
        "if that is right, whoever set up this job says so: MODELGATE_TRUSTED_ORIGINS=…",
        (),
    ),
    (
        "settings.loosened",
        "warn",
        "allowed_lines: opus before, any now",
        "a reviewer decides: nothing is wrong with it by itself",
        (),
    ),
    (
        "settings.observed-blind",
        "warn",
        "holds unknown; handed over: claude-opus-4-5-20251101 of the fallback file",
        "what runs is not changed; a hold, if there is one, may be passed over until the store can be asked",
        (),
    ),
    (
        "settings.waiver-expired",
        "refuse",
        "the waiver for catalogue.deprecated ended 2026-11-21",
        "remove it, or extend `until` with a new reason",
        (),
    ),
    ("settings.waiver-unused", "note", "the waiver for catalogue.deprecated covers nothing", "remove it", ()),
    (
        "settings.offline",
        "note",
        "nothing was resolved: settings and lock were judged alone",
        "run it without --offline before a deployment",
        (),
    ),
    (
        "evidence.missing",
        "refuse",
        "quality of claude-opus-4-5-20251101: nothing is recorded",
        "",
        ("modelgate evidence add summarizer --suite quality --id claude-opus-4-5-20251101 FILE -s checkout -e prod",),
    ),
    (
        "evidence.stale",
        "refuse",
        "quality of claude-opus-4-5-20251101: shown 2026-10-22, over 30 days ago",
        "show it again",
        ("modelgate evidence add summarizer --suite quality --id claude-opus-4-5-20251101 FILE -s checkout -e prod",),
    ),
    (
        "evidence.failed",
        "refuse",
        "quality of claude-opus-4-5-20251101: failed 2026-11-21, 2 of 10 tests",
        "if that was put right, show it again",
        ("modelgate evidence add summarizer --suite quality --id claude-opus-4-5-20251101 FILE -s checkout -e prod",),
    ),
    (
        "settings.sample",
        "refuse",
        'samples/summarizer.json: fallbacks[0].model "claude-opus-4…: no slot may run it',
        "name one that a slot here may run, not claude-opus-4-5",
        (),
    ),
    (
        "settings.lock-stale",
        "refuse",
        "asks for claude-sonnet-4-5; the lock is for claude-opus-4-5",
        "then commit the lock",
        ("modelgate lock -s checkout -e prod",),
    ),
]
ESCAPED = "\x1b[2J\u202e\ud800" * 60
NAMINGS = {
    "ordinary": Names(),
    "a gateway's": Names(
        "eu.anthropic/claude-sonnet@4-5", "anthropic.claude-sonnet-4-5-20250929-v1:0", "b" * 256, "o" * 256
    ),
    "a shell's": Names("$(reboot)", "a; rm -rf / #", "`id`", "' or \" &", "${HOME} $(id)"),
    "a terminal's": Names(*(f"{ESCAPED}{n}" for n in range(5))),
    "endless": Names(*(str(n) * 10_000_000 for n in range(5))),
}
WITHOUT_HINT = {"drift.slot-removed", "drift.earlier-pin"}
"""Nothing is to be done."""


def found(check: str, naming: str = "ordinary") -> list[Finding]:
    """The findings of one check in its scene."""
    return [finding for finding in judge(Scenes(NAMINGS[naming]).of(check)).findings if finding.id == check]


@pytest.mark.parametrize(("check", "level", "message", "hint", "commands"), FINDINGS, ids=[row[0] for row in FINDINGS])
def test_what_a_finding_says(check: str, level: str, message: str, hint: str, commands: tuple[str, ...]) -> None:
    """Level, message, hint and commands at `check`, word for word."""
    assert [(f.level.value, f.message, f.hint, f.commands) for f in found(check)] == [(level, message, hint, commands)]


def test_every_check_has_its_say() -> None:
    """No check is left out of this file."""
    assert {row[0] for row in FINDINGS} == set(CHECK_IDS)


@pytest.mark.parametrize("naming", NAMINGS)
@pytest.mark.parametrize("check", CHECK_IDS)
def test_a_finding_is_one_short_harmless_line(check: str, naming: str) -> None:
    """Whatever the names are: under 80 characters, nothing that a terminal obeys, with a hint and a source."""
    findings = found(check, naming)
    assert findings != []
    for finding in findings:
        assert 0 < len(finding.message) < 80
        assert len(finding.hint) < 1500
        for text in (finding.message, finding.hint, *finding.commands, str(finding.source)):
            assert {unicodedata.category(char) for char in text}.isdisjoint({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
        assert bool(finding.hint or finding.commands) is (check not in WITHOUT_HINT)
        assert "modelgate " not in finding.hint
        assert all(command.startswith("modelgate ") for command in finding.commands)
        assert finding.slot is None or check == "drift.slot-removed" or finding.source is not None


@pytest.mark.parametrize("naming", ["ordinary", "a gateway's", "a shell's"])
def test_an_id_in_a_hint_is_whole_and_one_word_for_the_shell(naming: str) -> None:
    """The command to stay on the pin can be pasted, however the pin is called."""
    stay = found("drift.alias-moved", naming)[0].commands[-1]
    names = NAMINGS[naming]
    wanted = ["modelgate", "rollback", "summarizer", "--to", names.b, "--reason", "…", "-s", "checkout", "-e", "prod"]
    assert shlex.split(stay) == wanted

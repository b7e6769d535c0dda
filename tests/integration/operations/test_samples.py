"""Samples: requests as the application sends them, judged where people decide and never at a start."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from support.commands import Shell
from support.sites import ALIAS, NEW, OLD, OTHER, Site, finding, found

from modelgate.domain.errors import Refused

HELLO: dict[str, Any] = {"max_tokens": 100, "messages": [{"role": "user", "content": "canary-7f3a"}]}
SAMPLE = 'sample = "samples/summarizer.json"\n'
PINNED = {"capabilities": {"thinking": {"supported": True, "types": {"enabled": {"supported": False}}}}}


def sampled(site: Site, *requests: Any, text: str | None = None, more: str = "", model: str = ALIAS) -> None:
    """The slot has a sample of these requests."""
    (site.config / "samples").mkdir(exist_ok=True)
    lines = "\n".join(json.dumps({**HELLO, **each}) for each in requests)
    (site.config / "samples" / "summarizer.json").write_text(lines if text is None else text)
    (site.config / "prod.toml").write_text(
        f'service = "checkout"\n[slots.summarizer]\nmodel = "{model}"\n{SAMPLE}{more}'
    )


@pytest.fixture
def approved(file_site: Site) -> Site:
    """The slot may run what its alias means, which cannot think as asked and writes 1000 tokens at most."""
    file_site.sandbox.patch_model(OLD, max_tokens=1000, **PINNED)
    file_site.accept("summarizer")
    return file_site


@pytest.mark.parametrize(
    ("request_", "check", "level", "message"),
    [
        ({"thinking": {"type": "enabled"}}, "catalogue.missing-capability", "refuse", '"enabled": not supported'),
        ({"max_tokens": 1001}, "catalogue.limit-too-small", "refuse", "max_tokens 1001: too many"),
        ({"fallbacks": [{"model": OTHER}]}, "settings.sample", "refuse", "no slot may run it"),
        ({"tools": [{"type": "advisor_1", "model": OTHER}]}, "settings.sample", "refuse", "no slot may run it"),
        ({"temperature": 1}, "settings.sample", "warn", "temperature: the API refuses it"),
        ({"frobnicate": 1}, "settings.sample", "note", "frobnicate: not known here"),
        ({"tools": [{"type": "time_machine_2030", "name": "t"}]}, "settings.sample", "note", "not known here"),
    ],
)  # fmt: skip
def test_what_a_sample_asks_for_is_judged_at_check(
    approved: Site, request_: dict[str, Any], check: str, level: str, message: str
) -> None:
    """Each finding names its place in the sample, and its file; preflight says nothing of it."""
    sampled(approved, {}, request_)
    told = finding(approved.check(), check)
    assert (told.level, told.message.startswith("samples/summarizer.json:2: "), message in told.message) == (
        level, True, True,
    ), told.message  # fmt: skip
    assert str(told.source) == f"{approved.config}/samples/summarizer.json:2"
    assert found(approved.preflight()) == {}


def test_a_sample_that_can_be_served_is_silent(approved: Site) -> None:
    """Nothing is said, also where fallbacks name what a slot here may run, by its ID or its alias."""
    sampled(approved, {"fallbacks": [{"model": OLD}, {"model": ALIAS}]})
    assert found(approved.check()) == {}


def test_a_fact_that_is_absent_is_a_note(approved: Site) -> None:
    """The API grows, and a gateway may be old: what it does not tell stops nothing."""
    sampled(approved, {"output_config": {"effort": "max"}})
    approved.sandbox.patch_model(OLD, drop=["capabilities"])
    assert found(approved.check()) == {"catalogue.fact-unknown": "note"}


BAD = {
    "empty": ("", "it is empty"),
    "no-json": ("hello", "line 1: not JSON"),
    "a-list": ("[]", "no JSON object"),
    "a-prompt": ('{"prompt": "canary-7f3a"}', "no `messages`"),
    "many": ("\n".join([json.dumps(HELLO)] * 101), "it has 101 lines"),
    "deep": ("[" * 100_000, "line 1: not JSON"),
    "large": (" " * (4 * 2**20 + 1), "it is larger than 4 MB"),
}


@pytest.mark.parametrize("kind", list(BAD))
def test_what_is_no_sample_is_refused(approved: Site, kind: str) -> None:
    """Why is said, and no word of the file."""
    text, why = BAD[kind]
    sampled(approved, text=text)
    told = finding(approved.check(), "settings.sample")
    assert (told.level, why in told.message, "canary" in told.message) == ("refuse", True, False), told.message


def test_what_cannot_be_read_is_refused(approved: Site) -> None:
    """A missing file, a folder and a pipe without a writer keep no check waiting."""
    place = approved.config / "samples" / "summarizer.json"
    sampled(approved)
    messages = []
    for make in (Path.unlink, Path.mkdir, lambda path: (path.rmdir(), os.mkfifo(path))):
        make(place)
        messages.append(finding(approved.check(), "settings.sample").message.partition("read: ")[2])
    assert messages == ["No such file or directory", "not a regular file", "not a regular file"]


def test_a_waiver_covers_it(approved: Site) -> None:
    """Of the settings' checks the one that somebody's word covers, at check and at accept."""
    waiver = '[[waivers]]\ncheck = "settings.sample"\nuntil = 2999-01-01\nreason = "the file comes next week"\n'
    sampled(approved, text="", more=waiver)
    assert found(approved.check()) == {"settings.sample": "waived"}
    approved.sandbox.move_alias(ALIAS, NEW)
    assert approved.accept("summarizer").changes[0].pin.model_id == NEW


def test_people_approve_nothing_that_cannot_serve_it(approved: Site) -> None:
    """accept, accept --run, release --accept and lock are refused; rollback and preflight are not."""
    run = approved.check().run_id
    sampled(approved, {"thinking": {"type": "enabled"}})
    for how in ({}, {"run_id": run}):
        with pytest.raises(Refused, match=r"missing-capability: summarizer: samples/summarizer\.json: thinking\.type"):
            approved.accept("summarizer", **how)
    with pytest.raises(Refused, match="missing-capability"):
        approved.lock()
    approved.rollback("summarizer", to=OLD)
    with pytest.raises(Refused, match="missing-capability"):
        approved.release("summarizer", how="accept")
    assert found(approved.preflight()) == {"drift.held": "note"}


def test_offline_only_the_file_is_judged(approved: Site) -> None:
    """Without the API nobody knows what a model can; that a sample is none is known all the same."""
    sampled(approved, {"thinking": {"type": "enabled"}})
    assert "catalogue.missing-capability" not in found(approved.check(offline=True))
    sampled(approved, text="")
    assert found(approved.check(offline=True))["settings.sample"] == "refuse"


def test_a_start_neither_reads_nor_needs_it(approved: Site) -> None:
    """Facts are reused whatever the sample says, and a sample that is gone stops no pod."""
    approved.environ["MODELGATE_CONFIG_DIR"] = str(approved.config)
    sampled(approved, {}, more="[policy]\nreuse_seconds = 600\n")
    first = approved.preflight()
    sampled(approved, {"thinking": {"type": "enabled"}}, more="[policy]\nreuse_seconds = 600\n")
    (approved.config / "samples" / "summarizer.json").unlink()
    again = approved.preflight()
    assert (again.verdict, again.reused_from) == ("pass", first.run_id)


def test_many_unknown_keys_are_few_notes(approved: Site) -> None:
    """A newer API's request is no wall of notes."""
    sampled(approved, {f"key_{number}": 1 for number in range(40)})
    notes = [each.message for each in approved.check().findings if each.id == "settings.sample"]
    assert (len(notes), notes[-1]) == (6, "samples/summarizer.json: 35 more are not known here")


def test_a_variable_names_no_sample(approved: Site) -> None:
    """Which file is read, files alone say."""
    told = Shell(approved).run("check", "-e", "prod", environ={"MODELGATE_SLOTS__SUMMARIZER__SAMPLE": "/etc/passwd"})
    assert (told.returncode, "only files say which sample a slot has" in told.stderr) == (2, True)


@pytest.mark.parametrize(("sample", "level"), [("samples/summarizer.json", None), ("../secret", "refuse")])
def test_a_pull_request_reads_samples_of_its_settings_alone(approved: Site, sample: str, level: str | None) -> None:
    """A path that leads out of the settings' folder is read by nobody, wherever the command runs."""
    sampled(approved, {})
    settings = approved.config / "prod.toml"
    settings.write_text(settings.read_text().replace("samples/summarizer.json", sample))
    (approved.folder / "secret").write_text("canary-7f3a")
    approved.environ["MODELGATE_SETTINGS_UNTRUSTED"] = "1"
    assert found(approved.check()).get("settings.untrusted") == level


def test_no_prompt_is_in_rows_reports_or_errors(approved: Site) -> None:
    """What the sample asks Claude stays in its file, whatever is wrong with it."""
    shell = Shell(approved)
    for text in (None, "canary-7f3a", '{"messages": "canary-7f3a"}'):
        sampled(approved, {"thinking": {"type": "enabled"}}, text=text)
        told = [shell.run("check", "-e", "prod", "--format", form) for form in ("text", "json", "sarif", "markdown")]
        told += [
            shell.run("accept", "summarizer", "-e", "prod", "--reason", "tested"),
            shell.run("audit", "export", "-e", "prod"),
        ]
        assert [each.args for each in told if "canary-7f3a" in each.stdout + each.stderr] == []
    assert b"canary-7f3a" not in (approved.folder / "modelgate.db").read_bytes()

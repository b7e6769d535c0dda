"""`probe`: what the API itself says of a slot's request, recorded as evidence and told apart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from support.commands import Shell
from support.sites import ALIAS, NEW, OLD, OTHER, Site

from modelgate.operations.probe import Live, probe

SCHEMA = json.loads((Path(__file__).parents[3] / "modelgate" / "render" / "probe.schema.json").read_text())
CANARY = "canary-prompt-7f3a"
HELLO: dict[str, Any] = {"max_tokens": 5000, "messages": [{"role": "user", "content": CANARY}]}


@pytest.fixture
def shell(file_site: Site) -> Shell:
    """A slot with a sample, which may run what its alias means, at a known price."""
    file_site.accept("summarizer")
    sampled(file_site, HELLO)
    return Shell(file_site)


def sampled(site: Site, *requests: dict[str, Any], more: str = "", slots: str = "") -> None:
    """The slot's sample, and prices."""
    (site.config / "samples").mkdir(exist_ok=True)
    (site.config / "samples" / "s.jsonl").write_text("\n".join(map(json.dumps, requests)))
    slot = f'[slots.summarizer]\nmodel = "{ALIAS}"\nsample = "samples/s.jsonl"\n'
    prices = f'[prices."{OLD}"]\ninput = 1000\noutput = 1000\n'
    (site.config / "prod.toml").write_text(f'service = "checkout"\n{slot}{slots}{prices}{more}')


def probed(shell: Shell, *words: str, **environ: str) -> tuple[int, dict[str, Any]]:
    """Exit code and the first slot of the JSON report, which fits its schema."""
    told = shell.run("probe", *words, "-e", "prod", "--format", "json", environ=environ)
    assert CANARY not in told.stdout + told.stderr
    if not told.stdout:
        return told.returncode, {"stderr": told.stderr}
    report = json.loads(told.stdout)
    jsonschema.validate(report, SCHEMA)
    assert report["exit_code"] == told.returncode
    slot: dict[str, Any] = report["slots"][0]
    return told.returncode, slot


def evidence(shell: Shell) -> list[tuple[str, str, str]]:
    """Suite, outcome and ID of each proof, oldest first."""
    rows = json.loads(shell.run("evidence", "list", "-e", "prod", "--format", "json").stdout)
    return [(row["suite"], row["outcome"], row["id"]) for row in reversed(rows)]


def asked(shell: Shell) -> list[tuple[str, dict[str, Any]]]:
    """Path and body of every request to the Messages API."""
    found = [each for each in shell.site.sandbox.requests() if each["path"].startswith("/v1/messages")]
    return [(each["path"].removeprefix("/v1/messages"), each.get("body") or {}) for each in found]


def test_counting_is_evidence_about_what_the_slot_may_run(shell: Shell) -> None:
    """Free of charge: one question, its tokens against the limit, a row in the chain."""
    code, slot = probed(shell)
    assert (code, slot["id"], slot["verdict"], slot["suite"], slot["sample"]) == (
        0, OLD, "shown", "probe", "samples/s.jsonl",
    )  # fmt: skip
    assert slot["input_tokens"] < slot["max_input_tokens"]
    assert [path for path, _ in asked(shell)] == ["/count_tokens"]
    assert evidence(shell) == [("probe", "passed", OLD)]
    assert shell.run("audit", "verify", "-e", "prod").returncode == 0


def test_another_id_is_probed_with_to(shell: Shell) -> None:
    """What the slot moves to, before anybody approves it; an alias is no ID."""
    assert probed(shell, "--to", NEW)[1]["id"] == NEW
    assert evidence(shell) == [("probe", "passed", NEW)]
    code, told = probed(shell, "--to", ALIAS)
    assert (code, f"--to {OLD}" in told["stderr"]) == (2, True)


def test_every_line_is_counted_and_the_longest_told(shell: Shell) -> None:
    """A sample of several requests; --line chooses one."""
    sampled(shell.site, HELLO, {**HELLO, "system": "long " * 4000}, HELLO)
    _, slot = probed(shell)
    assert (slot["requests"], slot["input_tokens"] > 4000) == (3, True)
    assert probed(shell, "--line", "3")[1]["requests"] == 1
    code, told = probed(shell, "--line", "4")
    assert (code, "no request in line 4" in told["stderr"]) == (2, True)


def test_a_slot_without_a_sample_sends_one_word(shell: Shell) -> None:
    """That this key may use this ID is shown all the same."""
    shell.site.asks(summarizer=ALIAS)
    code, slot = probed(shell)
    assert (code, slot["sample"], slot["verdict"]) == (0, None, "shown")


def test_slots_are_probed_together(shell: Shell) -> None:
    """One report for all slots; a refusal of one does not hide what another showed."""
    sampled(shell.site, HELLO, slots=f'[slots.grader]\nmodel = "{OTHER}"\n')
    shell.site.sandbox.forbid(OTHER)
    told = shell.run("probe", "-e", "prod", "--format", "json")
    slots = json.loads(told.stdout)["slots"] if told.stdout else []
    assert (told.returncode, [each["verdict"] for each in slots]) == (1, ["shown", "refused"]), told.stderr
    assert evidence(shell) == [("probe", "passed", OLD), ("probe", "failed", OTHER)]


def test_a_live_probe_sends_one_token(shell: Shell) -> None:
    """A message is begun on the terms that were shown, and is evidence of its own."""
    told = shell.run("probe", "-e", "prod", "--live", "--yes")
    assert told.returncode == 0
    assert f"summarizer: one message of 16 tokens to {OLD}, 0.0" in told.stderr
    assert "US dollars at the most" in told.stderr
    assert [path for path, _ in asked(shell)] == ["/count_tokens", ""]
    assert evidence(shell) == [("probe-live", "passed", OLD)]


def test_money_is_asked_for(shell: Shell) -> None:
    """Without a terminal --yes, and never more than --max-cost: then no message was sent."""
    code, told = probed(shell, "--live")
    assert (code, "add --yes" in told["stderr"]) == (2, True)
    code, told = probed(shell, "--live", "--yes", "--max-cost", "0.000001")
    assert (code, "more than --max-cost 0.000001" in told["stderr"]) == (1, True)
    assert [path for path, _ in asked(shell)] == ["/count_tokens"]


def test_a_bound_that_somebody_names_is_kept_or_nothing_is_sent(shell: Shell) -> None:
    """Without a known price --max-cost could bound nothing; who names none is shown the tokens, and that."""
    sampled(shell.site, HELLO)
    text = (shell.site.config / "prod.toml").read_text()
    (shell.site.config / "prod.toml").write_text(text.replace(f'"{OLD}"', '"claude-other-1"'))
    code, told = probed(shell, "--live", "--yes", "--max-cost", "0.5")
    assert (code, f"the price of {OLD} is not known" in told["stderr"]) == (1, True)
    assert [path for path, _ in asked(shell)] == ["/count_tokens"]
    done = shell.run("probe", "-e", "prod", "--live", "--yes")
    assert (done.returncode, "its price is not known here" in done.stderr) == (0, True)
    assert " tokens to " in done.stderr


@pytest.mark.parametrize("odd", ["nan", "inf", "-1", ""])
def test_a_bound_that_is_no_number_is_wrong_usage(shell: Shell, odd: str) -> None:
    """Nothing is counted or sent for it."""
    assert (probed(shell, "--live", "--yes", "--max-cost", odd)[0], asked(shell)) == (2, [])


def test_where_the_model_is_gone_the_probe_names_its_successor(shell: Shell) -> None:
    """As every hint that says to choose another; the command is a line of its own in each format."""
    shell.site.sandbox.retire(OLD)
    upgrade = "modelgate upgrade summarizer -s checkout -e prod"
    code, slot = probed(shell)
    assert (code, slot["hint"], slot["commands"]) == (1, f"change the sample, or move to {NEW}", [upgrade])
    assert f"  → change the sample, or move to {NEW}\n  {upgrade}\n" in shell.run("probe", "-e", "prod").stdout
    assert f"\n{upgrade}\n" in shell.run("probe", "-e", "prod", "--format", "markdown").stdout


@pytest.mark.parametrize(
    "part", [{"mcp_servers": [{"url": "https://a"}]}, {"tools": [{"type": "web_search_1", "name": "w"}]}]
)
def test_what_acts_outside_needs_a_word(shell: Shell, part: dict[str, Any]) -> None:
    """Server tools, MCP and containers are sent only with --with-tools; counting needs no word."""
    sampled(shell.site, {**HELLO, **part})
    code, told = probed(shell, "--live", "--yes")
    assert (code, "add --with-tools" in told["stderr"], asked(shell)) == (2, True, [])
    assert probed(shell, "--live", "--yes", "--with-tools")[0] in (0, 1)


def test_another_model_that_answers_is_refused(shell: Shell) -> None:
    """What another model says is no evidence about this one."""
    shell.site.sandbox.configure(served_models={OLD: OTHER})
    code, slot = probed(shell, "--live", "--yes")
    assert (code, slot["check"], slot["served_model"]) == (1, "probe.served-other", OTHER)
    assert evidence(shell) == [("probe-live", "failed", OLD)]


def test_a_sample_that_is_too_long_is_refused(shell: Shell) -> None:
    """More tokens than the entry says that the model takes."""
    shell.site.sandbox.patch_model(OLD, max_input_tokens=3)
    code, slot = probed(shell)
    assert (code, slot["check"]) == (1, "probe.too-long")


def test_a_closed_model_is_told_as_that(shell: Shell) -> None:
    """Listed and deprecated, and a 404 for a message: closed to new adopters."""
    shell.site.sandbox.deprecate(OLD)
    shell.site.sandbox.fail_next(404, count=None, path="/v1/messages*")
    code, slot = probed(shell)
    assert (code, slot["message"]) == (1, "not found for this key: a deprecated model is closed to new adopters")
    assert evidence(shell) == [("probe", "failed", OLD)]


def test_a_workspace_without_access_is_told_as_that(shell: Shell) -> None:
    """A 403 of the API's own shape."""
    shell.site.sandbox.fail_next(403, count=None, path="/v1/messages*")
    code, slot = probed(shell)
    assert (code, slot["status"], slot["message"]) == (1, 403, "this key's workspace may not use the model")


def test_a_spend_cap_is_not_known_and_no_evidence(shell: Shell) -> None:
    """Waiting does not help, and it says nothing of the model."""
    shell.site.sandbox.spend_cap(path="/v1/messages*")
    code, slot = probed(shell)
    assert (code, slot["check"], "spend" in slot["message"]) == (3, "api.rate-limited", True)
    assert evidence(shell) == []


def test_a_rate_limit_of_zero_has_its_own_words(shell: Shell) -> None:
    """The key's organization has no limit for this model: no waiting helps."""
    shell.site.sandbox.fail_next(
        429, count=None, path="/v1/messages*",
        headers={"anthropic-ratelimit-requests-limit": "0", "x-should-retry": "false"},
    )  # fmt: skip
    code, slot = probed(shell)
    assert (code, "rate limit of this model is 0" in slot["message"]) == (3, True)
    assert evidence(shell) == []


def test_an_outage_is_not_known(shell: Shell) -> None:
    """What may pass shows nothing, and records nothing."""
    shell.site.outage("/v1/messages*")
    code, slot = probed(shell)
    assert (code, slot["verdict"], slot["check"]) == (3, "unknown", "api.unreachable")
    assert evidence(shell) == []


def test_an_outage_of_the_message_leaves_what_was_counted(shell: Shell) -> None:
    """Counting was an answer; the message was none."""
    shell.site.outage("/v1/messages")
    code, slot = probed(shell, "--live", "--yes")
    assert (code, slot["verdict"]) == (3, "unknown")
    assert evidence(shell) == [("probe", "passed", OLD)]


def test_what_check_would_say_of_the_sample_is_told(shell: Shell) -> None:
    """Counting takes no max_tokens: that they are too many is known without asking."""
    sampled(shell.site, {**HELLO, "max_tokens": 10**6})
    code, slot = probed(shell)
    assert (code, slot["verdict"], [each["id"] for each in slot["findings"]]) == (
        1, "shown", ["catalogue.limit-too-small"],
    )  # fmt: skip


def test_no_sample_is_sent_that_is_none(shell: Shell) -> None:
    """There is nothing to ask about."""
    (shell.site.config / "samples" / "s.jsonl").write_text("")
    code, told = probed(shell)
    assert (code, "settings.sample: summarizer: samples/s.jsonl: it is empty" in told["stderr"]) == (1, True)


def test_an_origin_that_is_not_approved_is_asked_nothing(shell: Shell) -> None:
    """As in every command."""
    sampled(shell.site, HELLO, more='[api]\norigins = ["https://api.anthropic.com"]\n')
    assert (probed(shell)[0], shell.site.sandbox.requests()[-1:] == [] or asked(shell) == []) == (1, True)


def test_people_read_a_table(shell: Shell) -> None:
    """Text and Markdown; the API's own reason is shown, and made harmless."""
    text = shell.run("probe", "-e", "prod").stdout
    assert text.splitlines()[1].split()[:4] == ["summarizer", OLD, "counted", "samples/s.jsonl"]
    assert "recorded as evidence: checkout/prod:" in text
    shell.site.sandbox.fail_next(400, count=None, path="/v1/messages*", message="thinking: \x1b[2J")
    refused = shell.run("probe", "-e", "prod")
    assert "probe.refused: the API refuses this request: HTTP 400 invalid_request_error" in refused.stdout
    assert ("the API says: thinking: " in refused.stdout, "\x1b" in refused.stdout, refused.returncode) == (
        True,
        False,
        1,
    )
    markdown = shell.run("probe", "-e", "prod", "--format", "markdown").stdout
    assert markdown.startswith("### modelgate probe: checkout/prod")


def test_a_prompt_is_nowhere(shell: Shell) -> None:
    """Not in rows, logs at any level, reports or errors, whatever the API does; nor is an answer."""
    site = shell.site
    answer = "The sandbox's answer."
    for fault in (None, 400, 404, 429, 500, "cut"):
        site.sandbox.lift_faults()
        if fault == "cut":
            site.sandbox.cut_next(path="/v1/messages*")
        elif fault is not None:
            site.sandbox.fail_next(fault, count=None, path="/v1/messages*", headers={"x-should-retry": "false"})
        for words in ((), ("--live", "--yes")):
            for form in ("text", "json", "markdown"):
                told = shell.run("--log-level", "debug", "probe", *words, "-e", "prod", "--format", form)
                assert not any(each in told.stdout + told.stderr for each in (CANARY, answer)), (fault, words, form)
    exported = shell.run("audit", "export", "-e", "prod").stdout
    stored = b"".join(path.read_bytes() for path in site.folder.glob("modelgate.db*"))
    assert not any(each in exported or each.encode() in stored for each in (CANARY, answer))


@pytest.mark.parametrize("words", [(), ("--live", "--yes")])
def test_an_api_that_repeats_what_it_was_sent_is_not_repeated(shell: Shell, words: tuple[str, ...]) -> None:
    """A gateway may echo prompts and credentials in an error's message: neither is shown, logged or recorded."""
    shell.environ["ANTHROPIC_CUSTOM_HEADERS"] = "X-Gateway-Token: gateway-token-1"
    echo = f"bad: {CANARY}, Bearer sandbox-key, gateway-token-1, {CANARY[:13]}"
    path = "/v1/messages" if words else "/v1/messages/count_tokens"
    shell.site.sandbox.fail_next(400, count=None, path=path, message=echo)
    told = shell.run("--log-level", "debug", "probe", *words, "-e", "prod")
    assert (told.returncode, "the API says: bad: ***, ***, ***, ***" in told.stdout) == (1, True), told.stdout
    everything = told.stdout.encode() + told.stderr.encode() + (shell.site.folder / "modelgate.db").read_bytes()
    assert [each for each in (CANARY, "sandbox-key", "gateway-token-1") if each.encode() in everything] == []


def test_what_was_paid_for_is_told_without_a_store(file_site: Site) -> None:
    """A store that goes away, or takes nothing, meanwhile: the result is shown, as not recorded, with exit code 3."""
    file_site.accept("summarizer")
    sampled(file_site, HELLO)

    def confirm(_counted: Any) -> bool:
        (file_site.folder / "modelgate.db").write_bytes(b"no database")
        return True

    found = probe(file_site.world(), live=Live(with_tools=False, confirm=confirm))
    assert found is not None
    assert (found.exit_code, found.head, found.slots[0].probed.verdict) == (3, None, "shown")
    assert found.unrecorded != ""


def test_a_no_sends_nothing_and_keeps_what_was_counted(shell: Shell) -> None:
    """Somebody who sees the price may leave it at counting."""
    no = Live(with_tools=False, confirm=lambda _counted: False)
    assert probe(shell.site.world(), live=no) is None
    assert ([path for path, _ in asked(shell)], evidence(shell)) == (["/count_tokens"], [("probe", "passed", OLD)])

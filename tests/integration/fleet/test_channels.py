"""Slack and the signed webhook, each against a real receiver on loopback that fails in its own ways."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from support.documents import code_blocks
from support.ledger import AUTHOR
from support.receivers import Receiver, receiver
from support.sites import ALIAS, NEW, OLD, Site
from support.watching import Impatient, look, running

from modelgate.clock import SystemClock
from modelgate.domain.notices import NoticeRow
from modelgate.domain.rows import PinRow, ResolutionRow, RunRow, Scope
from modelgate.domain.secret import Secret
from modelgate.fleet.channels import LONGEST_WAIT, Slack, Webhook, send

SPEAKS = ["slack", "json"]
NOW = datetime(2026, 11, 27, 3, 0, tzinfo=UTC)
HOSTILE = "<!channel> & <https://evil.example|sign in> *bold* `code`\n\x1b[31m" * 40


@pytest.fixture(params=SPEAKS)
def hook(request: pytest.FixtureRequest) -> Iterator[Receiver]:
    """A receiver of Slack's, and one of the webhook's."""
    with receiver(request.param) as it:
        yield it


def notice(number: int = 1, **changes: Any) -> NoticeRow:
    """A notice of the n-th service."""
    values = {
        "notice_id": f"ntc_{number}", "kind": "new", "about_service": f"service-{number}", "about_environment": "prod",
        "slot": "summarizer", "check_id": "drift.alias-moved", "model_id": ALIAS, "level": "refuse",
        "message": "means claude-b now", "hint": "", "threshold": None, "retires_at": None,
    }  # fmt: skip
    return NoticeRow(**{**values, **changes})


def a_note(site: Site) -> None:
    """Something that is worth a note alone: exit code 0, if it is told."""
    site.asks(policy={"first_use": "accept", "deprecated": "note"}, summarizer=OLD)
    site.preflight()
    site.sandbox.patch_model(OLD, lifecycle="deprecated")


@pytest.mark.parametrize(
    ("answers", "words", "waited"),
    [
        ([500] * 3, "HTTP 500", 2), (["reset"] * 3, "127.0.0.1: ", 2), ([429] * 3, "HTTP 429", 14),
        ([404], "HTTP 404", 0), ([302], "HTTP 302", 0),
    ],
)  # fmt: skip
def test_a_channel_that_does_not_take_its_digest_is_exit_code_3(
    file_site: Site, hook: Receiver, answers: list[int | str], words: str, waited: int
) -> None:
    """What may pass is tried three times, as late as it asks; then the next look tells it, once."""
    a_note(file_site)
    hook.answers, hook.retry_after = list(answers), "7"
    clock = Impatient()
    failing = look(file_site, hook, clock=clock)
    assert (failing.exit_code, failing.told, len(failing.failed), hook.answers) == (3, (), 1, [])
    assert words in failing.failed[0]
    assert "not-for-eyes" not in failing.failed[0]
    assert (hook.bodies, clock.waited) == ([], waited)
    assert [look(file_site, hook).exit_code for _ in range(2)] == [0, 0]
    assert len(hook.bodies) == 1


def test_what_refuses_outweighs_a_channel(file_site: Site, hook: Receiver) -> None:
    """1 beats 3."""
    running(file_site)
    file_site.sandbox.move_alias(ALIAS, NEW)
    hook.answers = [404]
    assert look(file_site, hook).exit_code == 1


@pytest.mark.parametrize("answers", [[500], [429], ["reset"], ["slow"], [500, 503]])
def test_what_passes_by_itself_is_tried_again_at_once(
    file_site: Site, hook: Receiver, answers: list[int | str]
) -> None:
    """One digest arrives, and its telling is recorded."""
    a_note(file_site)
    hook.answers = list(answers)
    assert (look(file_site, hook).exit_code, len(hook.bodies)) == (0, 1)
    assert look(file_site, hook).news == ()


@pytest.mark.slow
def test_a_receiver_that_hangs_is_left_behind(file_site: Site, hook: Receiver) -> None:
    """After its seconds, three times; the next look tells it."""
    a_note(file_site)
    hook.answers = ["hang"] * 3
    assert look(file_site, hook).exit_code == 3
    assert (look(file_site, hook).exit_code, len(hook.bodies)) == (0, 1)


def test_a_long_retry_after_is_for_the_next_look() -> None:
    """Nobody waits an hour while he has the lease."""
    with receiver() as hook:
        hook.answers, hook.retry_after, clock = [429], str(int(LONGEST_WAIT) + 1), Impatient()
        assert "HTTP 429" in send(Webhook(Secret(hook.url)), "dig_1", [notice()], clock).problem
        assert (clock.waited, hook.answers) == (0, [])


def test_one_channel_that_fails_leaves_the_other_alone(file_site: Site) -> None:
    """Each has its own place in the chain of notices."""
    a_note(file_site)
    with ExitStack() as stack:
        slack, webhook = (stack.enter_context(receiver(speaks)) for speaks in SPEAKS)
        slack.answers = [404]
        first = look(file_site, slack, webhook)
        assert (first.told, len(first.failed), first.exit_code) == (("webhook",), 1, 3)
        assert look(file_site, slack, webhook).told == ("slack", "webhook")
        assert (len(slack.bodies), len(webhook.bodies)) == (1, 1)


@pytest.mark.parametrize(
    ("answer", "heard"),
    [(404, []), (429, []), ("lose", ["new", "new", "over"]), (500, ["over"]), ("reset", ["over"])],
)
def test_what_is_over_is_told_to_whoever_may_have_heard_of_it(
    file_site: Site, answer: int | str, heard: list[str]
) -> None:
    """It is dropped where the channel certainly did not take the beginning; a lost answer leaves that open."""
    running(file_site)
    file_site.sandbox.move_alias(ALIAS, NEW)
    with receiver() as hook:
        hook.answers = [answer] * (2 if answer == "lose" else 3)
        if answer == "lose":
            hook.answers.append(404)
        look(file_site, hook)
        hook.answers = []
        file_site.sandbox.move_alias(ALIAS, OLD)
        look(file_site, hook)
        look(file_site, hook)
        assert [kind for kind, *_ in hook.notices()] == heard


def fleet_of(site: Site, size: int) -> None:
    """Services: each third has a moved alias, each third a model that retires, the others are fine."""
    now, store = site.clock.now(), site.store()
    for number in range(size):
        reference, model = [(ALIAS, OLD), ("claude-opus-5", "claude-opus-5"), (NEW, NEW)][number % 3]
        slots = json.dumps([{"slot": "summarizer", "reference": reference, "requires": []}])
        run_id = f"run_{number}"
        run = RunRow(run_id, "preflight", "pass", True, 0, now, now, slots, origin=site.sandbox.url)
        row = ResolutionRow(run_id, "summarizer", reference, "resolved", model, model, model, 1)
        pin = PinRow("summarizer", 1, "accept", reference, model, "first")
        store.append(Scope(f"service-{number:03}", "prod"), AUTHOR, [run, row, pin], now=now)


@pytest.mark.parametrize("size", [30, pytest.param(300, marks=pytest.mark.slow)])
def test_many_services_are_one_message_with_the_worst_first(file_site: Site, hook: Receiver, size: int) -> None:
    """What they share is said once, in Slack in a few blocks; a second look sends nothing."""
    fleet_of(file_site, size)
    look(file_site, hook)
    file_site.sandbox.move_alias(ALIAS, NEW)
    file_site.sandbox.deprecate("claude-opus-5", retires_in_days=20)
    look(file_site, hook)
    look(file_site, hook)
    (document,) = hook.documents
    if hook.speaks == "json":
        levels = [each["level"] for each in document["notices"]]
        assert levels == ["refuse"] * (size // 3) + ["warn"] * (size * 2 // 3)
        return
    first, *sections, last = document["blocks"]
    assert first["text"]["text"] == document["text"] == f"modelgate: {size // 3} to act on, {size * 2 // 3} warnings"
    assert [each["text"]["text"][0] for each in sections] == ["🔴", "🟠", "🟠"]
    assert "service-000/prod summarizer" in sections[0]["text"]["text"]
    assert f"and {size // 3 - 5} more" in sections[0]["text"]["text"]
    assert "`modelgate fleet` shows all" in last["elements"][0]["text"]


@pytest.mark.parametrize("names", ["plain", "hostile"])
def test_slack_limits_hold_whatever_the_names_are(names: str) -> None:
    """50 blocks, 3,000 characters a text, 150 a header; and nothing in it is a command or a link of Slack's."""
    made = [notice(number, message=f"{number} is so") for number in range(900)]
    if names == "hostile":
        words = {"about_service": HOSTILE, "slot": HOSTILE, "check_id": "drift.alias-moved"}
        made = [notice(number, message=f"{number} {HOSTILE}", **words) for number in range(60)]
        made += [notice(900 + number, message=f"{HOSTILE}", **words) for number in range(60)]
    body, _ = Slack(Secret("https://hooks.slack.example/x")).request("dig_1", made, NOW)
    blocks = json.loads(body)["blocks"]
    assert len(blocks) <= 50
    texts = [block["text"] for block in blocks if "text" in block] + blocks[-1]["elements"]
    assert max(len(each["text"]) for each in texts) <= 3000
    assert len(blocks[0]["text"]["text"]) <= 150
    marked = [each for each in texts if each["type"] == "mrkdwn"]
    assert {each["verbatim"] for each in marked} == {True}
    for each in marked:
        assert ("<" in each["text"], "\x1b" in each["text"]) == (False, False)
        assert each["text"].replace("&amp;", "").replace("&lt;", "").replace("&gt;", "").count("&") == 0


def test_a_stranger_verifies_the_signature_as_the_page_shows(file_site: Site) -> None:
    """The page's own code believes the digest, and neither another body, nor another secret, nor an old one."""
    space: dict[str, Any] = {}
    exec(code_blocks("monitoring.md", "python")[0], space)  # the page's code, as a reader runs it
    running(file_site)
    file_site.sandbox.move_alias(ALIAS, NEW)
    with receiver() as hook:
        look(file_site, hook)
        header, body = hook.headers[0]["X-Modelgate-Signature"], hook.bodies[0]
    verify = space["is_from_modelgate"]
    assert verify(b"s3cret", header, body)
    assert not verify(b"another", header, body)
    assert not verify(b"s3cret", header, body + b" ")
    assert not verify(b"s3cret", "", body)
    stale = SystemClock().now() - timedelta(hours=1)
    old, signed = Webhook(Secret("https://h.example"), Secret("s3cret")).request("dig_1", [notice()], stale)
    assert not verify(b"s3cret", signed["X-Modelgate-Signature"], old)

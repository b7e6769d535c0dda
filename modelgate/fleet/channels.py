"""The channels: Slack and a signed webhook. One digest each, or an error that says why it was not taken."""

from __future__ import annotations

import hmac
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from modelgate.background import Background
from modelgate.clock import Clock
from modelgate.domain.digests import grouped, heard, places
from modelgate.domain.errors import SettingsError
from modelgate.domain.notices import SCHEMA, NoticeRow
from modelgate.domain.secret import Secret
from modelgate.domain.settings import NotifySettings
from modelgate.domain.text import printable, short
from modelgate.domain.times import format_instant
from modelgate.fleet.posting import SECONDS, Sent, post
from modelgate.settings import names
from modelgate.small_file import read_small

TRIES = 3
LONGEST_WAIT = 20.0
"""Seconds of a `retry-after` that are waited for; after that the next watch tells it."""
_GROUPS = 40
"""Slack takes 50 blocks a message, 3,000 characters a text and 150 a header (documented)."""
_LONGEST = 2900
_NAMED = 5
_ICONS = {"refuse": "🔴", "warn": "🟠", "note": "⚪", "unknown": "⚪"}


@dataclass(frozen=True, slots=True)
class Slack:
    """An incoming webhook of Slack."""

    url: Secret
    name: str = "slack"

    def request(self, digest_id: str, rows: Sequence[NoticeRow], now: datetime) -> tuple[bytes, dict[str, str]]:  # noqa: ARG002 # as of all
        """Blocks: a headline, then one section for each thing that many slots share, the worst first."""
        groups = grouped(heard(rows))
        headline = f"modelgate: {_headline(rows)}"
        blocks: list[dict[str, Any]] = [
            {"type": "header", "text": {"type": "plain_text", "text": short(headline, 150)}}
        ]
        for shared in groups[:_GROUPS]:
            blocks.append({"type": "section", "text": _text(_section(shared))})
        more = f"and {len(groups) - _GROUPS} more · " if len(groups) > _GROUPS else ""
        told = f"{more}`modelgate fleet` shows all · {digest_id}"
        blocks.append({"type": "context", "elements": [_text(told)]})
        return json.dumps({"text": headline, "blocks": blocks}).encode(), {}


@dataclass(frozen=True, slots=True)
class Webhook:
    """Any receiver of JSON."""

    url: Secret
    secret: Secret | None = None
    name: str = "webhook"

    def request(self, digest_id: str, rows: Sequence[NoticeRow], now: datetime) -> tuple[bytes, dict[str, str]]:
        """The notices, signed where there is a secret: HMAC-SHA256 of "t.body", t in seconds since 1970."""
        notices = [{**asdict(row), "retires_at": row.retires_at and format_instant(row.retires_at)} for row in rows]
        document = {"schema": SCHEMA, "digest_id": digest_id, "sent_at": format_instant(now), "notices": notices}
        body, stamp = json.dumps(document).encode(), str(int(now.timestamp()))
        headers = {"X-Modelgate-Digest": digest_id}
        if self.secret:
            signed = hmac.new(self.secret.reveal().encode(), f"{stamp}.".encode() + body, sha256).hexdigest()
            headers["X-Modelgate-Signature"] = f"t={stamp},v1={signed}"
        return body, headers


Channel = Slack | Webhook


def channels(settings: NotifySettings) -> list[Channel]:
    """Those that are set. Raises SettingsError for a file that cannot be read or holds no URL."""
    found: list[Channel] = []
    if settings.slack_webhook_file:
        url = _read(settings.slack_webhook_file, "notify.slack_webhook_file")
        try:
            found.append(Slack(Secret(names.webhook(url))))
        except ValueError as error:
            raise SettingsError(f"it {error}", source=str(settings.slack_webhook_file)) from None
    if settings.webhook_url:
        file = settings.webhook_secret_file
        secret = Secret(_read(file, "notify.webhook_secret_file")) if file else None
        found.append(Webhook(Secret(settings.webhook_url), secret))
    return found


def mark(channel: Channel, salt: bytes) -> str:
    """What the store calls the channel: nobody can tell its address from that."""
    return f"{channel.name}:{hmac.new(salt, channel.url.reveal().encode(), sha256).hexdigest()[:16]}"


def send(channel: Channel, digest_id: str, rows: Sequence[NoticeRow], clock: Clock) -> Sent:
    """Sends one digest. What may pass is tried again a few times."""
    certain = True
    for attempt in range(TRIES):
        body, headers = channel.request(digest_id, rows, clock.now())
        sent = Background(lambda b=body, h=headers: post(channel.url, b, h), "notify").result(SECONDS, _LATE)  # type: ignore[misc]  # bound now
        certain = certain and sent.certain
        if not sent.problem or sent.wait is None or sent.wait > LONGEST_WAIT or attempt == TRIES - 1:
            break
        clock.sleep(sent.wait)
    return replace(sent, certain=certain)


_LONGEST_SECRET = 1 << 16
_LATE = Sent("no answer in time", certain=False, wait=1.0)


def _read(path: Path, setting: str) -> str:
    try:
        text = read_small(path, _LONGEST_SECRET).decode().strip()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise SettingsError(f"cannot read {setting}: {why}", source=str(path)) from None
    if not text:
        raise SettingsError(f"{setting} is empty", source=str(path))
    return text


def _headline(rows: Sequence[NoticeRow]) -> str:
    counts = {
        level: sum(row.level == level and row.kind != "over" for row in rows) for level in ("refuse", "warn", "note")
    }
    over = sum(row.kind == "over" for row in rows)
    words = [("refuse", "to act on"), ("warn", "warnings"), ("note", "notes")]
    told = [f"{counts[level]} {word}" for level, word in words if counts[level]]
    return ", ".join([*told, *([f"{over} over"] if over else [])])


def _text(mrkdwn: str) -> dict[str, Any]:
    """Verbatim: addresses in names are no links."""
    return {"type": "mrkdwn", "text": mrkdwn, "verbatim": True}


def _section(shared: Sequence[NoticeRow]) -> str:
    first = shared[0]
    icon = "🟢" if first.kind == "over" else _ICONS.get(first.level, "⚪")
    where = ", ".join(_mrkdwn(place) for place in places(shared, _NAMED))
    head, tail = f"{icon} *{_mrkdwn(first.message)}*\n", f"\n`{first.check_id}` · {first.kind}"
    return f"{head}{_cut(where, _LONGEST - len(head) - len(tail))}{tail}"


def _mrkdwn(text: str) -> str:
    """Slack obeys &, < and > (documented); `<!channel>` would wake everybody."""
    return printable(text, 200).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _cut(escaped: str, most: int) -> str:
    """At most so many characters, and no half of an escaped one."""
    if len(escaped) <= most:
        return escaped
    kept = escaped[: most - 1]
    begun = kept.rfind("&")
    return (kept[:begun] if begun > kept.rfind(";") else kept) + "…"

"""A probe: what it sends, what it came to, and what that shows. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Literal

from modelgate.domain.evidence import PROBE, PROBE_LIVE, EvidenceRow
from modelgate.domain.prices import Price
from modelgate.domain.problems import Problem

ONE_WORD: Mapping[str, Any] = {"messages": [{"role": "user", "content": "Hello"}]}
"""What is sent for a slot without a sample."""
COUNTED = ("messages", "system", "tools", "tool_choice", "thinking", "output_config", "cache_control")
"""The parameters that count_tokens takes beside `model` (documented; not max_tokens, metadata, service_tier)."""
NOT_SENT = ("extra_headers", "extra_query", "extra_body", "timeout", "betas", "stream", "model")
"""What is the SDK's and not the API's, or is set by the probe itself."""
COMES_AGAIN = (400, 403, 404, 413)
"""The statuses that the same request gets again."""
_FROM_THE_EDGE = 413
"""Comes without the API's own shape (seen in recorded traffic); a 400, 403 or 404 without it is somebody else's."""
_OUTSIDE = ("mcp_servers", "container")
_MILLION = 1_000_000

Verdict = Literal["shown", "refused", "unknown"]


@dataclass(frozen=True, slots=True)
class Answered:
    """What the API said of one request."""

    input_tokens: int
    output_tokens: int | None = None
    served_model: str | None = None
    request_id: str | None = None
    status: int = 200


@dataclass(frozen=True, slots=True)
class Failed:
    """Why it said nothing of use. `reason` is the API's own, harmless; it is shown, and neither recorded nor logged."""

    problem: Problem
    status: int | None = None
    error_type: str | None = None
    reason: str = ""
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Probed:
    """What the probe of one slot came to."""

    slot: str
    model_id: str
    live: bool
    verdict: Verdict
    check: str = ""
    """The ID of what is wrong; empty where it was shown."""
    message: str = ""
    hint: str = ""
    elsewhere: str = ""
    """How the hint ends where another model is a way on, unless it is known which."""
    commands: tuple[str, ...] = ()
    reason: str = ""
    status: int | None = None
    error_type: str | None = None
    request_id: str | None = None
    input_tokens: int | None = None
    """Of the longest request of the sample."""
    output_tokens: int | None = None
    served_model: str | None = None

    def evidence(self, origin: str, workspace_id: str) -> EvidenceRow | None:
        """The row to record; none where nothing was found out about the model."""
        if self.verdict == "unknown":
            return None
        return EvidenceRow(
            slot=self.slot,
            model_id=self.model_id,
            suite=PROBE_LIVE if self.live else PROBE,
            outcome="passed" if self.verdict == "shown" else "failed",
            origin=origin,
            workspace_id=workspace_id,
            status=self.status,
            error_type=self.error_type,
            request_id=self.request_id,
            input_tokens=self.input_tokens,
            output_tokens=self.output_tokens,
            served_model=self.served_model,
        )


def to_count(sample: Mapping[str, Any], model_id: str) -> dict[str, Any]:
    """The body for count_tokens."""
    return {"model": model_id, **{name: sample[name] for name in COUNTED if name in sample}}


def to_send(sample: Mapping[str, Any], model_id: str) -> dict[str, Any]:
    """The body of a live probe: streamed, with `max_tokens` as low as the body allows."""
    kept = {name: value for name, value in sample.items() if name not in NOT_SENT}
    return {**kept, "model": model_id, "max_tokens": least_max_tokens(sample), "stream": True}


def least_max_tokens(sample: Mapping[str, Any]) -> int:
    """One, or one above the budget of thinking, which has to be less than max_tokens (documented)."""
    thinking = sample.get("thinking")
    budget = thinking.get("budget_tokens") if isinstance(thinking, dict) else None
    return budget + 1 if isinstance(budget, int) and not isinstance(budget, bool) and budget > 0 else 1


def acts_outside(sample: Mapping[str, Any]) -> str:
    """What in the sample makes the API do more than answer, such as `tools[0]`; empty if nothing does."""
    for name in _OUTSIDE:
        if sample.get(name):
            return name
    tools = sample.get("tools")
    for number, tool in enumerate(tools if isinstance(tools, list) else ()):
        kind = tool.get("type") if isinstance(tool, dict) else None
        if kind not in (None, "custom"):  # a tool without a type, or of type custom, is the application's own
            return f"tools[{number}]"
    return ""


def cost(input_tokens: int, output_tokens: int, price: Price | None) -> Decimal | None:
    """US dollars; None where the price is not known."""
    return None if price is None else (input_tokens * price.input + output_tokens * price.output) / _MILLION


def judge(
    slot: str, model_id: str, answers: list[Answered | Failed], *, live: bool, limit: int | None, deprecated: bool
) -> Probed:
    """What the answers to the requests of one probe show, taken together: a refusal beats what is not known."""
    probed = [_judge_one(Probed(slot, model_id, live, "shown"), answer, limit, deprecated) for answer in answers]
    for verdict in ("refused", "unknown"):
        if found := next((one for one in probed if one.verdict == verdict), None):
            return found
    return max(probed, key=lambda one: one.input_tokens or 0)


def _judge_one(start: Probed, answer: Answered | Failed, limit: int | None, deprecated: bool) -> Probed:
    if isinstance(answer, Failed):
        return _failed(start, answer, deprecated)
    shown = replace(
        start,
        status=answer.status,
        request_id=answer.request_id,
        input_tokens=answer.input_tokens,
        output_tokens=answer.output_tokens,
        served_model=answer.served_model,
    )
    if answer.served_model and answer.served_model != start.model_id:
        message = f"answered by {answer.served_model}"
        hint = "does the sample name fallbacks, or does a gateway send it elsewhere?"
        return replace(shown, verdict="refused", check="probe.served-other", message=message, hint=hint)
    if limit is not None and answer.input_tokens > limit:
        message = f"{answer.input_tokens} tokens; the model takes {limit}"
        hint, other = "shorten the sample, or ", "choose a model that takes more"
        return replace(shown, verdict="refused", check="probe.too-long", message=message, hint=hint, elsewhere=other)
    return shown


def _failed(start: Probed, failed: Failed, deprecated: bool) -> Probed:
    found = replace(
        start, status=failed.status, error_type=failed.error_type, request_id=failed.request_id, reason=failed.reason
    )
    if failed.status == 404 and failed.error_type == "not_found_error" and deprecated:
        message = "not found for this key: a deprecated model is closed to new adopters"
        other = "choose an active model"
        return replace(found, verdict="refused", check="probe.refused", message=message, elsewhere=other)
    if failed.status == 403 and failed.error_type == "permission_error":
        message = "this key's workspace may not use the model"
        hint = "ask an admin of the API organization to allow it, or use another key"
        return replace(found, verdict="refused", check="probe.refused", message=message, hint=hint)
    if failed.status in COMES_AGAIN and (failed.error_type or failed.status == _FROM_THE_EDGE):
        message = f"the API refuses this request: HTTP {failed.status} {failed.error_type or ''}".rstrip()
        hint, other = "change the sample, or ", "choose another model"
        return replace(found, verdict="refused", check="probe.refused", message=message, hint=hint, elsewhere=other)
    problem = failed.problem
    return replace(found, verdict="unknown", check=problem.check, message=problem.message, hint=problem.hint)

"""Many questions to the Messages API at once, within one deadline: what `probe` sends."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any

from modelgate.api.client import connect
from modelgate.api.failures import unreachable
from modelgate.api.messages import Messages
from modelgate.api.transport import Transport
from modelgate.background import Background
from modelgate.clock import Deadline
from modelgate.domain.probe import Answered, Failed
from modelgate.domain.settings import ApiSettings

_LATE = Failed(unreachable("no answer in time", retry=False).problem)


@dataclass(frozen=True, slots=True)
class Question:
    """One request, and the betas that go into its header."""

    body: Mapping[str, Any]
    betas: tuple[str, ...] = ()


def send(
    api: ApiSettings,
    questions: Mapping[str, list[Question]],
    *,
    live: bool,
    deadline: Deadline,
    environ: Mapping[str, str],
) -> dict[str, list[Answered | Failed]]:
    """The answers, by slot: tokens counted, or with `live` messages begun.

    Raises ApiProblem without credentials, SettingsError for settings that cannot work, and Refused where the API's
    origin is not approved.
    """
    client = connect(api, environ=environ)
    with closing(Transport(client, deadline)) as transport:
        sent = {
            slot: [Background(partial(_ask, client, transport, each, live), "probe") for each in asked]
            for slot, asked in questions.items()
        }
        return {slot: [each.result(deadline.remaining, _LATE) for each in begun] for slot, begun in sent.items()}


def _ask(client: Any, transport: Transport, question: Question, live: bool) -> Answered | Failed:
    messages = Messages(client, transport, question.betas)
    return messages.begin(question.body) if live else messages.count(question.body)

"""The sandbox's bodies have the keys of real ones, where recordings of the API are at hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest
from anthropic import Anthropic
from asking import VERSION, create

from modelgate.sandbox import Sandbox

RECORDED = Path(__file__).parents[4] / "shared" / "api"

pytestmark = pytest.mark.skipif(not RECORDED.is_dir(), reason="no recordings of the API beside this checkout")

NEWER = {"lifecycle", "line", "deprecated_at", "retires_at", "server_tools", "disabled", "between_tools"}
"""Documented keys that no recording has: all are older."""


def body_of(name: str) -> Any:
    """A recorded body."""
    return json.loads((RECORDED / name).read_text())


def steps_of(name: str) -> list[dict[str, Any]]:
    """The exchanges of a recorded scenario."""
    steps: list[dict[str, Any]] = json.loads((RECORDED / "scenarios" / name).read_text())["steps"]
    return steps


def shape(value: object) -> object:
    """The keys of objects at every level, without the newer ones; the shapes of a list's elements."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items() if key not in NEWER}
    if isinstance(value, list):
        return sorted({json.dumps(shape(item), sort_keys=True) for item in value})
    return None


def ask(sandbox: Sandbox, path: str) -> httpx2.Response:
    """An answer of the sandbox."""
    return httpx2.get(sandbox.url + path, headers=VERSION)


def test_the_list_of_models_is_the_recorded_one(modelgate_sandbox: Sandbox) -> None:
    """The same models in the same order with the same facts, but for the fields that are newer."""
    recorded = body_of("recordings/models_list__200__ellmer__anthropic-list-models__01.json")
    answered = ask(modelgate_sandbox, "/v1/models").json()
    assert list(answered) == list(recorded)
    assert shape(answered) == shape(recorded)
    plain = ("id", "display_name", "created_at", "max_input_tokens", "max_tokens")
    for ours, real in zip(answered["data"], recorded["data"], strict=True):
        assert {name: ours[name] for name in plain} == {name: real[name] for name in plain}
        for name, support in real["capabilities"].items():
            assert _without_newer(ours["capabilities"][name]) == support, (ours["id"], name)


def _without_newer(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {key: _without_newer(item) for key, item in value.items() if key not in NEWER}


def test_retired_models_are_those_of_older_recordings(modelgate_sandbox: Sandbox) -> None:
    """What was listed in 2025 and no longer in August 2026 is retired, under the same name and date."""
    recorded = body_of("recordings/models_list__200__ellmer__anthropic-list-models__04.json")["data"]
    answered = ask(modelgate_sandbox, "/v1/models?lifecycle[]=retired").json()["data"]
    names = ("id", "display_name", "created_at")
    assert [[model[name] for name in names] for model in answered] == [
        [model[name] for name in names] for model in recorded
    ]


@pytest.mark.parametrize("name", ["403_permission_error_2026-04-21", "404_model_not_found_2026-02-27",
                                  "413_request_too_large_2025-10-25", "429_spend_cap_no_retry_after_DOCS_EXAMPLE",
                                  "500_api_error_2026-07-20", "529_overloaded_with_request_id_2026-03-18"])  # fmt: skip
def test_errors_have_the_recorded_shape(modelgate_sandbox: Sandbox, name: str) -> None:
    """Keys and error type of every recorded error, details included."""
    real = body_of(f"errors/{name}.json")
    if "details" in real["error"]:
        modelgate_sandbox.spend_cap(count=1)
    else:
        modelgate_sandbox.fail_next(int(name[:3]))
    answered = ask(modelgate_sandbox, "/v1/models").json()
    assert shape(answered) == shape(real)
    assert answered["error"]["type"] == real["error"]["type"]


def test_a_list_of_batches_has_the_recorded_shape(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """Batches in progress and ended, in a page."""
    create(client, "a")
    answered = ask(modelgate_sandbox, "/v1/messages/batches").json()
    assert shape(answered) == shape(body_of("recordings/batches_list__200__anthropic__batch-list__01.json"))


def test_early_results_answer_as_recorded(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """The same message, but for the ID."""
    batch = create(client, "a")
    real = body_of("recordings/batches_results__404__anthropic__batch-results__01.json")["error"]
    answered = ask(modelgate_sandbox, f"/v1/messages/batches/{batch.id}/results").json()["error"]
    assert answered["type"] == real["type"]
    assert answered["message"].replace(batch.id, "ID") == real["message"].replace(
        "msgbatch_01AHxNhUeZwskhx38tGz1QVj", "ID"
    )


def test_a_whole_exchange_goes_as_recorded(modelgate_sandbox: Sandbox) -> None:
    """The recorded create, its polls and its results: the same statuses, bodies' keys and retry-after headers."""
    steps = steps_of("ruby_llm__batch-with-anthropic-claude-haiku-4-5-answers-staged-chats-and-appends__fb5a49bf.json")
    polls = [step for step in steps if step["method"] == "GET"][:-1]
    modelgate_sandbox.configure(batch_polls=len(polls) - 1, retry_after="10")
    headers = VERSION | {"content-type": "application/json"}
    path = "/v1/messages/batches"
    made = httpx2.post(modelgate_sandbox.url + path, content=steps[0]["request_body"], headers=headers)
    assert shape(made.json()) == shape(json.loads(steps[0]["body"]))
    for step in polls:
        answered, real = ask(modelgate_sandbox, f"{path}/{made.json()['id']}"), json.loads(step["body"])
        assert shape(answered.json()) == shape(real)
        assert answered.json()["processing_status"] == real["processing_status"]
        assert answered.json()["request_counts"] == real["request_counts"]
        recorded_headers = {name.lower(): value for name, value in step["response_headers"]}
        assert answered.headers.get("retry-after") == recorded_headers.get("retry-after")
    rows = ask(modelgate_sandbox, f"{path}/{made.json()['id']}/results")
    ours = [json.loads(line) for line in rows.text.splitlines()]
    real_rows = [json.loads(line) for line in steps[-1]["body"].splitlines()]
    assert shape(ours) == shape(real_rows)
    assert {row["result"]["message"]["model"] for row in ours} == {"claude-haiku-4-5-20251001"}


def test_a_recorded_cancel_setup_is_accepted(modelgate_sandbox: Sandbox) -> None:
    """A create of 2025 is taken; its model is retired by now, which the rows tell."""
    (step,) = steps_of("anthropic__batch-cancel-setup__4cfbda9e.json")
    headers = VERSION | {"content-type": "application/json", "anthropic-version": "2023-06-01"}
    url = f"{modelgate_sandbox.url}/v1/messages/batches"
    made = httpx2.post(url, content=step["request_body"], headers=headers).json()
    assert shape(made) == shape(json.loads(step["body"]))
    modelgate_sandbox.end_batches()
    assert ask(modelgate_sandbox, f"/v1/messages/batches/{made['id']}").json()["request_counts"]["errored"] == 2

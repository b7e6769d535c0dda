"""Driving a sandbox while it runs: the catalogue, permissions and the request log."""

from __future__ import annotations

import json
import urllib.request
from datetime import UTC, datetime, timedelta

import anthropic
import httpx2
import pytest
from anthropic import Anthropic

from modelgate.domain.errors import UsageError
from modelgate.sandbox import Sandbox, SandboxControl
from modelgate.sandbox.catalogue import MODELS


@pytest.mark.parametrize(("method", "path", "body"), [
    ("PATCH", "settings", {"no_such": 1}),
    ("PATCH", "settings", {"page_cap": "two"}),
    ("PATCH", "settings", {"batch_polls": True}),
    ("PUT", "aliases/claude-sonnet-4-5", {"to": "nobody"}),
    ("POST", "models/nobody/retire", None),
    ("DELETE", "aliases/nobody", None),
    ("POST", "faults", {"cut": "sideways"}),
    ("POST", "faults", {"count": "three"}),
    ("POST", "nothing", None),
    ("POST", "batches/msgbatch_nobody/end", None),
])  # fmt: skip
def test_a_wrong_control_is_refused(
    modelgate_sandbox: Sandbox, method: str, path: str, body: dict[str, object] | None
) -> None:
    """Unknown names, values of the wrong kind and targets that are not there raise, and change nothing."""
    before = modelgate_sandbox.state()["settings"]
    with pytest.raises(UsageError):
        modelgate_sandbox.send(method, path, body)
    assert modelgate_sandbox.state()["settings"] == before


@pytest.mark.parametrize("body", [b"{", b"[]"])
def test_a_control_without_an_object_is_refused(modelgate_sandbox: Sandbox, body: bytes) -> None:
    """A body that is no JSON object is a 400 in the API's shape."""
    answer = httpx2.post(f"{modelgate_sandbox.url}/_sandbox/clock", content=body)
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error")


def test_a_moved_alias_resolves_anew(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """The next answer for an alias is the ID it was moved to."""
    modelgate_sandbox.move_alias("claude-sonnet-4-5", "claude-sonnet-4-6")
    assert client.models.retrieve("claude-sonnet-4-5").id == "claude-sonnet-4-6"


def test_a_removed_alias_is_unknown(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """An alias can vanish while its model stays."""
    modelgate_sandbox.remove_alias("claude-sonnet-4-5")
    with pytest.raises(anthropic.NotFoundError):
        client.models.retrieve("claude-sonnet-4-5")
    assert client.models.retrieve("claude-sonnet-4-5-20250929").id == "claude-sonnet-4-5-20250929"


def test_an_added_model_is_listed_first(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """A model added now is the newest, a copy of another but for the fields given."""
    modelgate_sandbox.add_model("claude-sonnet-6", like="claude-sonnet-4-6", max_tokens=7)
    entry = client.models.list(limit=1).data[0]
    assert (entry.id, entry.max_tokens, entry.line) == ("claude-sonnet-6", 7, "sonnet")


def test_a_removed_model_is_gone(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """Removed, a model is neither listed nor answered, and its alias means nothing."""
    modelgate_sandbox.remove_model("claude-haiku-4-5-20251001")
    assert "claude-haiku-4-5-20251001" not in [model.id for model in client.models.list()]
    with pytest.raises(anthropic.NotFoundError):
        client.models.retrieve("claude-haiku-4-5")


def test_a_patch_merges_capabilities_and_drops_fields(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """One capability changes and the others stay; a dropped field is absent from the answer."""
    lost = {"batch": {"supported": False}}
    modelgate_sandbox.patch_model("claude-opus-5", capabilities=lost, max_tokens=None, drop=["line"])
    answer = client.models.with_raw_response.retrieve("claude-opus-5").http_response.json()
    assert not answer["capabilities"]["batch"]["supported"]
    assert answer["capabilities"]["pdf_input"]["supported"]
    assert answer["max_tokens"] is None
    assert "line" not in answer


@pytest.mark.parametrize("days", [-3, 0, 10, 200])
def test_a_deprecated_model_has_a_date(modelgate_sandbox: Sandbox, client: Anthropic, days: int) -> None:
    """Deprecating sets lifecycle and both dates; a negative number of days is an overdue retirement."""
    modelgate_sandbox.deprecate("claude-opus-5", retires_in_days=days)
    entry = client.models.retrieve("claude-opus-5")
    assert entry.lifecycle == "deprecated"
    assert entry.deprecated_at is not None
    assert entry.retires_at is not None
    assert abs(entry.retires_at - datetime.now(UTC) - timedelta(days=days)) < timedelta(hours=1)


def test_a_deprecation_may_have_no_date_yet(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """retires_at stays null while no retirement is scheduled."""
    modelgate_sandbox.deprecate("claude-opus-5", retires_in_days=None)
    assert client.models.retrieve("claude-opus-5").retires_at is None


def test_a_retired_model_leaves_the_list(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """Retired, a model is listed only when retired ones are asked for."""
    modelgate_sandbox.retire("claude-opus-5")
    assert "claude-opus-5" not in [model.id for model in client.models.list()]
    assert client.models.list(lifecycle=["retired"]).data[0].id == "claude-opus-5"


def test_a_hidden_model_is_answered_by_name_only(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """Hidden: missing from the list, still answered."""
    modelgate_sandbox.hide("claude-opus-5")
    assert "claude-opus-5" not in [model.id for model in client.models.list()]
    assert client.models.retrieve("claude-opus-5").id == "claude-opus-5"


def test_a_forbidden_model_is_denied_by_id_and_alias(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """Not permitted to the key: 403 for the ID and for what means it."""
    modelgate_sandbox.forbid("claude-sonnet-4-5-20250929")
    for name in ("claude-sonnet-4-5-20250929", "claude-sonnet-4-5"):
        with pytest.raises(anthropic.PermissionDeniedError):
            client.models.retrieve(name)


def test_the_list_can_be_forbidden_alone(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """403 for the list, while single models are answered."""
    modelgate_sandbox.forbid_list()
    with pytest.raises(anthropic.PermissionDeniedError):
        client.models.list()
    assert client.models.retrieve("claude-opus-5").id == "claude-opus-5"


def test_the_request_log_tells_the_auth_but_never_the_key(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """Method, path, query, header names, status and which credentials came; the key itself is nowhere."""
    modelgate_sandbox.accept_keys("sk-canary")
    client.with_options(api_key="sk-canary").models.list(limit=5)
    record = modelgate_sandbox.requests()[-1]
    assert (record["method"], record["path"], record["query"]) == ("GET", "/v1/models", "limit=5")
    assert (record["authorization"], record["x_api_key"], record["status"]) == (True, False, 200)
    assert "anthropic-version" in record["headers"]
    assert "sk-canary" not in json.dumps([modelgate_sandbox.requests(), modelgate_sandbox.state()])


def test_controls_are_not_in_the_request_log(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """The log and the counters hold the API's requests alone, and can be emptied."""
    client.models.list()
    assert modelgate_sandbox.counters() == {"GET /v1/models": 1}
    modelgate_sandbox.forget_requests()
    assert (modelgate_sandbox.requests(), modelgate_sandbox.counters()) == ([], {})


def test_a_reset_forgets_everything(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """After a reset the catalogue, the settings and the faults are those of a fresh sandbox."""
    modelgate_sandbox.retire("claude-opus-5")
    modelgate_sandbox.accept_keys("another")
    modelgate_sandbox.fail_next(500, count=None)
    modelgate_sandbox.advance(3600)
    modelgate_sandbox.reset()
    assert client.models.list(limit=1).data[0].id == MODELS[0].id
    assert modelgate_sandbox.state()["advanced_seconds"] == 0


def test_another_client_drives_the_same_sandbox(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """A SandboxControl needs the URL alone."""
    SandboxControl(modelgate_sandbox.url + "/").move_alias("claude-new", "claude-opus-5")
    assert client.models.retrieve("claude-new").id == "claude-opus-5"


def test_the_address_in_the_banner_answers(modelgate_sandbox: Sandbox) -> None:
    """`…/_sandbox/` lists every control that there is."""
    with urllib.request.urlopen(f"{modelgate_sandbox.url}/_sandbox/") as answer:
        page = answer.read().decode()
    for control in ("GET    /_sandbox/state", "PUT    /_sandbox/aliases/NAME", "POST   /_sandbox/batches/ID/end"):
        assert control in page

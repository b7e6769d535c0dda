"""Variables that Kubernetes sets for services, beside those that preflight hands over."""

from __future__ import annotations

from modelgate import pinned

LINKS = {
    "MODELGATE_MODEL_SERVER_SERVICE_HOST": "10.0.0.1",
    "MODELGATE_MODEL_SERVER_SERVICE_PORT": "80",
    "MODELGATE_MODEL_SERVER_SERVICE_PORT_HTTP": "80",
    "MODELGATE_MODEL_SERVER_PORT": "tcp://10.0.0.1:80",
    "MODELGATE_MODEL_SERVER_PORT_80_TCP": "tcp://10.0.0.1:80",
    "MODELGATE_MODEL_SERVER_PORT_80_TCP_PROTO": "tcp",
    "MODELGATE_MODEL_SERVER_PORT_80_TCP_PORT": "80",
    "MODELGATE_MODEL_SERVER_PORT_80_TCP_ADDR": "10.0.0.1",
}


def test_a_service_is_no_slot() -> None:
    """A service called `modelgate-model-server` puts eight variables beside the slots': none of them is one."""
    handed = {"MODELGATE_MODEL_GRADER": "claude-haiku-5", "MODELGATE_MODEL_PORT": "claude-sonnet-5"}
    assert pinned(LINKS | handed) == {"grader": "claude-haiku-5", "port": "claude-sonnet-5"}


def test_a_slot_may_be_called_as_a_link_is() -> None:
    """Where no service is, a slot `export_port` is a slot."""
    assert pinned({"MODELGATE_MODEL_EXPORT_PORT": "claude-haiku-5"}) == {"export_port": "claude-haiku-5"}

"""What people copy from `deploy/` is valid, is locked down, and calls the command as it is."""

from __future__ import annotations

import configparser
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import kubernetes_validate
import pytest
from support import manifests

GATE = Path(sys.executable).with_name("modelgate")
MANIFESTS = manifests.ROOT / "deploy" / "kubernetes"
ROLES = (manifests.ROOT / "docs" / "postgresql.md").read_text()
OBJECTS = dict(manifests.kubernetes())
PODS = dict(manifests.pods())
CONTAINERS = dict(manifests.containers())
COMMAND_LINES = dict(manifests.command_lines())
SETTINGS = {name: document["data"] for name, document in OBJECTS.items() if "prod.toml" in document.get("data", {})}
DEPLOYMENTS = {
    name: document
    for name, document in OBJECTS.items()
    if document["kind"] == "Deployment" and not document["metadata"]["name"].startswith("modelgate-")
}
"""Of an application behind its gate."""

NEEDS = {"deployment-file-key-ref.yaml: Deployment": "1.34"}
"""The first version of Kubernetes with what a manifest uses; the others go further back."""


def gate_of(deployment: dict[str, Any]) -> dict[str, Any]:
    """The gate's container."""
    return next(c for c in deployment["spec"]["template"]["spec"]["initContainers"] if c["name"] == "modelgate")


@pytest.mark.parametrize("name", OBJECTS)
def test_each_object_is_valid_from_the_oldest_to_the_newest_kubernetes(name: str) -> None:
    """Each object satisfies the strict schema of the first version that it is for, and of the newest one."""
    for version in (NEEDS.get(name, "1.31"), kubernetes_validate.latest_version()):
        assert kubernetes_validate.validate(OBJECTS[name], version, strict=True)


def test_the_schema_would_notice_a_field_that_does_not_exist() -> None:
    """A misspelt field fails the same validation, so the test above can fail."""
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(OBJECTS["settings.yaml: ConfigMap"] | {"dta": {}}, "1.37", strict=True)


@pytest.mark.parametrize("name", PODS)
def test_pods_run_without_privileges(name: str) -> None:
    """Each pod satisfies the restricted Pod Security Standard at the level of the pod."""
    assert PODS[name]["securityContext"] == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}


@pytest.mark.parametrize("name", CONTAINERS)
def test_containers_are_restricted_and_bounded(name: str) -> None:
    """Each container has a numeric user, a read-only root, no capability, no way up, and a limit of memory."""
    container = CONTAINERS[name]
    assert container["securityContext"] == {
        "runAsUser": 65532,
        "readOnlyRootFilesystem": True,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["requests"].keys() == {"cpu", "memory"}
    assert "memory" in container["resources"]["limits"]


@pytest.mark.parametrize("name", CONTAINERS)
def test_credentials_come_from_secrets_alone(name: str) -> None:
    """No container has a key or a database's URL as a literal value."""
    literal = {variable["name"] for variable in CONTAINERS[name].get("env", []) if "value" in variable}
    assert literal & {"ANTHROPIC_API_KEY", "MODELGATE_DATABASE_URL"} == set()


@pytest.mark.parametrize("name", CONTAINERS)
def test_each_container_has_the_database_role_that_its_work_needs(name: str) -> None:
    """The person on call may pin, the upgrade may change tables, and the gates may do neither."""
    secrets = {s["metadata"]["name"]: s["stringData"] for s in manifests.documents(MANIFESTS / "secret.yaml")}
    needed = {
        "pod-on-call.yaml": "modelgate_operator",
        "job-db-upgrade.yaml": "modelgate_migrator",
        "cronjob-archive.yaml": "modelgate_migrator",
        "cronjob-watch.yaml": "modelgate_watcher",
        "deployment-watch.yaml": "modelgate_watcher",
        "deployment-serve.yaml": "modelgate_reader",
    }
    for variable in CONTAINERS[name].get("env", []):
        reference = variable.get("valueFrom", {}).get("secretKeyRef", {})
        if reference.get("key") == "database-url":
            role = urlsplit(secrets[reference["name"]]["database-url"]).username
            assert role == needed.get(name.partition(":")[0], "modelgate_gate")
            assert f"CREATE ROLE {role} LOGIN;" in ROLES


@pytest.mark.parametrize("name", COMMAND_LINES)
def test_every_command_line_is_one_that_the_command_takes(name: str) -> None:
    """What a manifest, a unit or a hook runs parses with the real command line."""
    expected = {"preflight", "check", "db upgrade", "db archive", "lock", "watch", "serve", "scan"}
    assert manifests.parse(COMMAND_LINES[name]) in expected


def test_the_parser_would_notice_an_unknown_option() -> None:
    """A command line with an option that does not exist is refused by the same parser."""
    with pytest.raises(manifests.click.UsageError):
        manifests.parse(["preflight", "--emit-yaml", "x"])


@pytest.mark.parametrize("name", SETTINGS)
def test_the_settings_of_the_manifests_are_settings(name: str, tmp_path: Path) -> None:
    """The installed command reads the ConfigMap's files as a folder of settings and has nothing to refuse."""
    for file, text in SETTINGS[name].items():
        (tmp_path / file).write_text(text)
    command = [GATE, "check", "-e", "prod", "--offline", "--config-dir", tmp_path]
    environ = {"MODELGATE_DATABASE_URL": f"sqlite:///{tmp_path}/modelgate.db"}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_variants_differ_in_nothing_but_their_point(name: str) -> None:
    """The gate's container is the same in each Deployment, but for the file that it writes."""
    plain = gate_of(DEPLOYMENTS["deployment.yaml: Deployment"])
    variant = gate_of(DEPLOYMENTS[name])
    written = {"--emit-json": "/run/modelgate/pins.json", "--emit-env": "/run/modelgate/models.env"}
    option = next(word for word in variant["args"] if word in written)
    assert variant["args"] == ["preflight", "-e", "prod", option, written[option], "--wait", "10m"]
    assert variant | {"args": plain["args"]} == plain


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_a_refused_rollout_leaves_the_old_pods_alone(name: str) -> None:
    """No old pod ends before a new one runs, and the rollout's deadline is longer than the gate waits."""
    spec = DEPLOYMENTS[name]["spec"]
    assert spec["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert spec["progressDeadlineSeconds"] > 600


@pytest.mark.parametrize(
    ("schema", "file"),
    [
        ("vendor.compose-spec", "deploy/docker-compose.yml"),
        ("vendor.github-actions", "action.yml"),
        ("vendor.github-workflows", ".github/workflows/ci.yml"),
        ("vendor.github-workflows", ".github/workflows/release.yml"),
    ],
)
def test_files_with_a_published_schema_satisfy_it(schema: str, file: str) -> None:
    """The compose file, the action and the workflow are valid by the schemas that their makers publish."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, manifests.ROOT / file]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (0, "ok -- validation done\n")


def test_the_unit_starts_the_application_only_after_the_gate() -> None:
    """The systemd unit reads the gate's file from its own runtime folder, which each stop empties."""
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # names of systemd keep their case
    unit.read_string(manifests.UNIT.read_text())
    service = unit["Service"]
    assert service["RuntimeDirectory"] == "checkout"
    assert service["EnvironmentFile"] == "-/run/checkout/models.env"
    assert "--emit-env /run/checkout/models.env" in service["ExecStartPre"]
    assert "RemainAfterExit" not in service


def test_systemd_itself_accepts_the_unit(tmp_path: Path) -> None:
    """`systemd-analyze verify` has nothing to say about the unit, where there is one to ask."""
    text = manifests.UNIT.read_text()
    for program in ("/opt/modelgate/bin/modelgate", "/opt/checkout/bin/checkout"):
        text = text.replace(program, "/bin/true")
    unit = tmp_path / "checkout.service"
    unit.write_text(text)
    try:
        command = ["systemd-analyze", "verify", "--man=no", unit]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    except FileNotFoundError:
        pytest.skip(reason="systemd is not on this machine")
    assert (done.returncode, [line for line in done.stderr.splitlines() if "checkout.service" in line]) == (0, [])

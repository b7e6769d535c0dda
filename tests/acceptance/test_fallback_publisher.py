"""The CronJob's publisher, run as it stands in the manifest against a stand-in of the Kubernetes API."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme
from support import manifests

PINS = '{"schema": "modelgate.pins/1"}\n'


@dataclass
class Cluster:
    """A stand-in of the cluster's API on loopback, and what was asked of it."""

    port: int
    account: Path
    status: int = 200
    asked: list[dict[str, Any]] = field(default_factory=list)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A running stand-in with a certificate of its own authority, whose root is in the service account's folder."""
    authority = trustme.CA()
    (tmp_path / "ca.crt").write_bytes(authority.cert_pem.bytes())
    (tmp_path / "token").write_text("token-of-the-pod")
    seen: list[Cluster] = []

    class Handler(BaseHTTPRequestHandler):
        def do_PATCH(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            names = ("Authorization", "Content-Type")
            seen[0].asked.append({"path": self.path, "body": body} | {name: self.headers[name] for name in names})
            self.send_response(seen[0].status)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing: the test looks at what was asked."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(trust)
    server.socket = trust.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    seen.append(Cluster(server.server_port, tmp_path))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield seen[0]
    server.shutdown()
    thread.join()
    server.server_close()


def publish(cluster: Cluster) -> subprocess.CompletedProcess[str]:
    """Runs the manifest's script with the cluster's fixed addresses turned to the stand-in."""
    script: str = dict(manifests.containers())["cronjob-fallback.yaml: CronJob: publish"]["args"][0]
    pins = cluster.account / "pins.json"
    pins.write_text(PINS)
    for fixed, here in {
        "https://kubernetes.default.svc": f"https://localhost:{cluster.port}",
        "/var/run/secrets/kubernetes.io/serviceaccount": str(cluster.account),
        "/run/modelgate/pins.json": str(pins),
    }.items():
        assert fixed in script
        script = script.replace(fixed, here)
    command = [sys.executable, "-c", script]
    environ = {"NAMESPACE": "shop"}
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=60)


def test_the_file_becomes_the_content_of_the_config_map(cluster: Cluster) -> None:
    """The publisher sends the pins with the pod's token, and changes nothing else of the ConfigMap."""
    done = publish(cluster)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert cluster.asked == [
        {
            "path": "/api/v1/namespaces/shop/configmaps/modelgate-fallback",
            "body": {"data": {"pins.json": PINS}},
            "Authorization": "Bearer token-of-the-pod",
            "Content-Type": "application/merge-patch+json",
        }
    ]


def test_a_refusal_of_the_cluster_fails_the_job(cluster: Cluster) -> None:
    """Without the permission to change the ConfigMap the publisher fails, so that the Job does."""
    cluster.status = 403
    assert publish(cluster).returncode == 1


def test_a_stranger_in_place_of_the_cluster_gets_no_token(cluster: Cluster) -> None:
    """A server that the pod's authority does not vouch for is not asked."""
    (cluster.account / "ca.crt").write_bytes(trustme.CA().cert_pem.bytes())
    done = publish(cluster)
    assert (done.returncode, "CERTIFICATE_VERIFY_FAILED" in done.stderr, cluster.asked) == (1, True, [])

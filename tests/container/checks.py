"""Runs the built image and holds it to what docs/container.md says. Called by run.sh.

checks.py ROOT <IMAGE: ROOT is the root file system, IMAGE what `buildah inspect` says of the image
"""

from __future__ import annotations

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))  # as pytest does for the tests
from support.databases import PostgreSQL

from modelgate.sandbox.server import API_KEY, Sandbox

SETTINGS = 'service = "checkout"\n[slots.summarizer]\nmodel = "claude-haiku-4-5"\n'
PINNED = "claude-haiku-4-5-20251001"
INSIDE = """
import os, pathlib, shutil
lines = pathlib.Path("/proc/self/status").read_text().splitlines()
status = dict(line.split(":\\t", 1) for line in lines if ":\\t" in line)
try:
    pathlib.Path("/opt/x").touch()
except OSError as error:
    print(error.strerror)
print(os.getuid(), int(status["CapEff"], 16), int(status["CapPrm"], 16), status["NoNewPrivs"])
print([name for name in ("pip", "gcc", "cc", "make", "pytest", "uv") if shutil.which(name)])
"""


@dataclass
class Image:
    """The image, run without a daemon: a mount namespace, a read-only bind mount of its root, and chroot."""

    root: Path
    config: dict[str, Any]
    volumes: dict[Path, str] = field(default_factory=dict)
    environ: dict[str, str] = field(default_factory=dict)

    def run(self, *arguments: str, entrypoint: list[str] | None = None) -> subprocess.CompletedProcess[str]:
        """Runs the image's entrypoint with `arguments`, its own user, variables and folder, on the host's network."""
        user = self.config["User"]
        steps = ["set -e", f"mount --bind {self.root} {self.root}", f"cd {self.root}"]
        steps += [f"mount --bind {host} .{inside}" for host, inside in self.volumes.items()]
        steps += ["mount -o remount,bind,ro .", "mount -t proc proc proc", "mount --rbind /dev dev"]
        steps += [f'exec setpriv --no-new-privs chroot --userspec={user} --groups= . sh -c "$IN" sh "$@"']
        for inside in self.volumes.values():
            (self.root / inside.lstrip("/")).mkdir(parents=True, exist_ok=True)  # as every runtime does
        variables = dict(variable.split("=", 1) for variable in self.config["Env"]) | self.environ
        inner = f'cd {self.config["WorkingDir"]}; unset IN PWD OLDPWD; exec "$@"'
        command = [*(self.config["Entrypoint"] if entrypoint is None else entrypoint), *arguments]
        return subprocess.run(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", "\n".join(steps), "sh", *command],
            env={**variables, "PATH": f"{variables['PATH']}:/usr/sbin:/sbin", "IN": inner},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )


def expect(what: str, actual: object, expected: object) -> None:
    """Prints what holds; ends the script at what does not."""
    if actual != expected:
        sys.exit(f"FAILED  {what}\n  expected {expected!r}\n  got      {actual!r}")
    print(f"ok  {what}")


def check_privileges(image: Image) -> None:
    """Whom it runs as, and what is in it."""
    done = image.run("-c", INSIDE, entrypoint=["python"])
    expect(
        "user 65532, no capability, no way to any, a read-only root, no installer and no compiler",
        done.stdout,
        ("Read-only file system\n65532 0 0 1\n[]\n"),
    )
    inside = [path.relative_to(image.root) for path in (image.root / "opt").rglob("tests/conftest.py")]
    expect("no tests of modelgate in it", inside, [])


def check_deployment(image: Image, pins: Path, what: str) -> None:
    """A refused start, the approval that its hint names, and the start that follows."""
    preflight = ["preflight", "-e", "prod", "--emit-json", "/run/modelgate/pins.json"]
    refused = image.run(*preflight, "--format", "json")
    report = json.loads(refused.stdout)
    expect(f"{what}: an unapproved model is refused", (refused.returncode, refused.stderr), (1, ""))
    expect(f"{what}: nothing is written", list(pins.iterdir()), [])
    accepted = image.run("accept", "--run", report["run_id"], "-e", "prod", "--reason", "reviewed")
    expect(f"{what}: the approval of that run is taken", (accepted.returncode, accepted.stderr), (0, ""))
    passed = image.run(*preflight)
    expect(f"{what}: then it starts", (passed.returncode, passed.stderr), (0, ""))
    written = pins / "pins.json"
    expect(f"{what}: with the approved ID", json.loads(written.read_text())["models"]["summarizer"]["id"], PINNED)
    expect(f"{what}: in a file that every user can read", oct(written.stat().st_mode & 0o777), "0o644")
    became = image.run(
        "preflight", "-e", "prod", "--", "python", "-c", "import os; print(os.environ['MODELGATE_MODEL_SUMMARIZER'])"
    )
    expect(
        f"{what}: as an entrypoint it becomes the application", (became.returncode, became.stdout), (0, f"{PINNED}\n")
    )
    code = image.run("preflight", "-e", "prod", "--", "python", "-c", "raise SystemExit(7)").returncode
    expect(f"{what}: whose exit code it has", code, 7)


def median_seconds(image: Image, *arguments: str) -> float:
    """How long one run takes, the namespace included."""

    def seconds() -> float:
        started = time.perf_counter()
        if image.run(*arguments).returncode:
            sys.exit(f"FAILED  {arguments} while it was timed")
        return time.perf_counter() - started

    return statistics.median(seconds() for _ in range(5))


@contextmanager
def folder() -> Iterator[Path]:
    """A folder of the host to mount, owned by the image's user."""
    path = Path(tempfile.mkdtemp(prefix="modelgate-container-"))
    path.chmod(0o755)
    os.chown(path, 65532, 65532)
    yield path
    shutil.rmtree(path)


def main() -> None:
    """Everything, in the order in which people meet it."""
    root, config = Path(sys.argv[1]), json.load(sys.stdin)["OCIv1"]["config"]
    with Sandbox() as sandbox, folder() as settings, folder() as data, folder() as pins, folder() as sockets:
        (settings / "prod.toml").write_text(SETTINGS)
        image = Image(root, config, {settings: "/etc/modelgate"})
        image.environ = {"ANTHROPIC_BASE_URL": sandbox.url, "ANTHROPIC_API_KEY": API_KEY}
        check_privileges(image)

        image.volumes |= {pins: "/run/modelgate", data: config["WorkingDir"]}
        check_deployment(image, pins, "SQLite on a volume")
        (pins / "pins.json").unlink()
        del image.volumes[data]

        server = PostgreSQL.start()
        try:
            url = server.create(upgraded=False)
            for socket in Path(server.server.get_postmaster_info().socket_dir).glob(".s.PGSQL.*"):
                os.link(socket, sockets / socket.name)  # its own folder is closed to other users
            image.volumes[sockets] = "/run/postgresql"
            image.environ["MODELGATE_DATABASE_URL"] = re.sub(r"host=[^&]+", "host=/run/postgresql", url)
            done = image.run("db", "upgrade", "-e", "prod")
            expect("PostgreSQL: the store is created by `db upgrade`", (done.returncode, done.stderr), (0, ""))
            check_deployment(image, pins, "PostgreSQL")
            print(f"start-up: --version in {median_seconds(image, '--version'):.2f} s")
            print(f"start-up: a passing preflight in {median_seconds(image, 'preflight', '-e', 'prod'):.2f} s")
        finally:
            server.server.cleanup()
    size = sum(path.lstat().st_size for path in (root / "opt" / "modelgate").rglob("*"))
    whole = sum(path.lstat().st_size for path in root.rglob("*") if not path.is_dir())
    print(f"size: {whole / 1e6:.0f} MB, of which modelgate with all it needs is {size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()

"""`watch --every`, as the process that deploy/ starts: ready or not, one of many, and ended."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from support import manifests
from support.commands import Shell
from support.receivers import receiver
from support.sites import ALIAS, NEW, Site
from support.watching import running

from modelgate.fleet.watch import LEASE

(DEPLOYMENT,) = (each for name, each in manifests.containers() if name.startswith("deployment-watch.yaml"))
READY = "/run/modelgate/ready"
TERMINATED = 143


def eventually(so: Callable[[], bool]) -> bool:
    """Whether it comes to be so, on a busy machine too."""
    end = time.monotonic() + 90
    while time.monotonic() < end:
        if so():
            return True
        time.sleep(0.05)
    return False


def start(site: Site, name: str = "ready", **environ: str) -> subprocess.Popen[str]:
    """The command line of the manifest, every second instead of every hour."""
    words = {"1h": "1s", READY: str(site.folder / name)}
    return Shell(site).start(*(words.get(word, word) for word in DEPLOYMENT["args"]), environ=environ)


def ready(site: Site, name: str = "ready") -> bool:
    """What the manifest's own probe says."""
    words = [word.replace(READY, str(site.folder / name)) for word in DEPLOYMENT["readinessProbe"]["exec"]["command"]]
    probe = subprocess.run([sys.executable, *words[1:]], stderr=subprocess.DEVNULL, check=False)
    return probe.returncode == 0


def test_it_is_ready_while_it_knows_and_ends_cleanly(file_site: Site) -> None:
    """Not before the first look, nor while the API is away; SIGTERM leaves neither a lease nor the file."""
    running(file_site)
    with receiver() as hook:
        watcher = start(file_site, MODELGATE_NOTIFY__WEBHOOK_URL=hook.url)
        assert not ready(file_site)
        assert eventually(lambda: ready(file_site))
        file_site.outage()
        assert eventually(lambda: not ready(file_site))
        file_site.sandbox.lift_faults()
        file_site.sandbox.move_alias(ALIAS, NEW)
        assert eventually(lambda: len(hook.bodies) == 1)
        assert eventually(lambda: ready(file_site))
        watcher.send_signal(signal.SIGTERM)
        told, failed = watcher.communicate(timeout=60)
        assert (watcher.returncode, ready(file_site), len(hook.bodies)) == (TERMINATED, False, 1)
    assert file_site.store().lease(LEASE) is None
    assert (told.count("drift.alias-moved"), "api.unreachable" in failed, "Traceback" in failed) == (1, True, False)


def test_a_channel_that_is_away_is_not_ready(file_site: Site) -> None:
    """Until it takes its digest."""
    file_site.asks(policy={"first_use": "accept", "deprecated": "note"}, summarizer=NEW)
    file_site.preflight()
    file_site.sandbox.patch_model(NEW, lifecycle="deprecated")
    with receiver() as hook:
        hook.answers = [404] * 2
        watcher = start(file_site, MODELGATE_NOTIFY__WEBHOOK_URL=hook.url)
        assert eventually(lambda: len(hook.answers) == 1)
        assert not ready(file_site)
        assert eventually(lambda: ready(file_site))
        watcher.terminate()
        watcher.communicate(timeout=60)
    assert len(hook.bodies) == 1


@pytest.mark.slow
def test_of_many_watchers_one_works_at_a_time(site: Site) -> None:
    """Three of them tell what happened once; all are ready; when one is killed another goes on."""
    running(site)
    with receiver() as hook:
        watchers = [start(site, f"ready-{n}", MODELGATE_NOTIFY__WEBHOOK_URL=hook.url) for n in range(3)]
        try:
            assert eventually(lambda: all(ready(site, f"ready-{n}") for n in range(3)))
            site.sandbox.move_alias(ALIAS, NEW)
            assert eventually(lambda: len(hook.bodies) == 1)
            watchers[0].kill()
            if held := site.store().lease(LEASE):
                site.store().give_back_lease(LEASE, held[0])  # instead of waiting until it has passed
            site.accept("summarizer")
            site.preflight()
            assert eventually(lambda: "over" in [kind for kind, *_ in hook.notices()])
        finally:
            for each in watchers:
                each.terminate()
                each.communicate(timeout=60)
    kinds = [kind for kind, *_ in hook.notices()]
    assert kinds in (["new", "over"], ["new", "new", "over"])  # the killed one may not have noted down that it told


@pytest.mark.parametrize("words", [("--ready-file", "x"), ("--every", "0s"), ("--every", "1s", "--ready-file", "no/x")])
def test_what_cannot_be_meant_is_wrong_usage(file_site: Site, words: tuple[str, ...]) -> None:
    """A file for one look, no pause at all, a file that cannot be written."""
    running(file_site)
    assert Shell(file_site).process("watch", *words).returncode == 2

"""watch as a process that is killed, and receivers that lose answers."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from support.receivers import receiver
from support.sites import ALIAS, NEW, OLD, Site

from modelgate.domain.notices import RESERVED
from modelgate.fleet.watch import LEASE

MODELGATE = str(Path(sys.executable).with_name("modelgate"))
ROUNDS = 8


def test_no_notice_is_lost_and_none_told_twice_without_a_cause(file_site: Site) -> None:
    """Killed at random moments, with every third answer lost: what was told last is what is so, under stable IDs."""
    chance = random.Random(1)  # the moments are the machine's anyway
    file_site.asks(summarizer=ALIAS, grader="claude-sonnet-4-6")
    file_site.accept("summarizer", "grader")
    file_site.preflight()
    causes = 0
    with receiver() as hook:
        environ = {**os.environ, **file_site.environ, "MODELGATE_NOTIFY__WEBHOOK_URL": hook.url}
        command = {"args": [MODELGATE, "watch"], "cwd": file_site.folder, "env": environ, "stdout": subprocess.DEVNULL}
        store, began = file_site.store(), time.monotonic()
        subprocess.run(**command, timeout=120, check=False)
        whole = time.monotonic() - began
        for turn in range(ROUNDS):
            file_site.sandbox.move_alias(ALIAS, NEW if turn % 2 == 0 else OLD)
            if turn % 3 == 0:
                hook.answers = ["lose"]
                causes += 1
            process = subprocess.Popen(**command)
            try:
                process.wait(whole * chance.uniform(0.8, 2.0))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                causes += 1
            if held := store.lease(LEASE):
                store.give_back_lease(LEASE, held[0])  # instead of waiting until it has passed
        hook.answers = []
        file_site.sandbox.move_alias(ALIAS, NEW)
        last, quiet = (subprocess.run(**command, timeout=120, check=False) for _ in range(2))
        told = [notice for document in hook.documents for notice in document["notices"]]
    recorded = [each.notice for each in store.news()]
    times = Counter(notice["notice_id"] for notice in told)
    twice = sum(count - 1 for count in times.values())
    print(f"{len(recorded)} notices, {len(told)} told, {twice} of them again, {causes} kills and lost answers")
    assert (last.returncode, quiet.returncode, store.verify(RESERVED).intact) == (1, 1, True)
    assert len({notice.notice_id for notice in recorded}) == len(recorded)
    assert set(times) <= {notice.notice_id for notice in recorded}
    assert told[-1]["notice_id"] == recorded[-1].notice_id
    assert (recorded[-1].kind, recorded[-1].check_id) == ("new", "drift.alias-moved")
    assert twice <= causes

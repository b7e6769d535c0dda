"""watch as a process that is killed, and receivers that lose answers."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from support.receivers import Receiver, receiver
from support.sites import ALIAS, NEW, OLD, Site

from modelgate.domain.notices import RESERVED, Recorded
from modelgate.fleet.watch import LEASE

MODELGATE = str(Path(sys.executable).with_name("modelgate"))


@dataclass
class Story:
    """One watcher after another, killed or not, and what each left behind."""

    site: Site
    hook: Receiver
    chance: random.Random = field(default_factory=lambda: random.Random(1))  # the moments are the machine's anyway
    whole: float = 0.0
    """Seconds of a look that nobody disturbs."""
    killed: list[bool] = field(default_factory=list)
    of_body: list[int] = field(default_factory=list)
    """The number of the look that sent each body."""

    def start(self) -> subprocess.Popen[bytes]:
        """A `modelgate watch`."""
        environ = {**os.environ, **self.site.environ, "MODELGATE_NOTIFY__WEBHOOK_URL": self.hook.url}
        return subprocess.Popen(
            [MODELGATE, "watch"], cwd=self.site.folder, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )

    def look(self) -> int:
        """One that ends by itself: its exit code."""
        began, process = time.monotonic(), self.start()
        process.communicate(timeout=120)
        self.whole = time.monotonic() - began
        self._ended(killed=False)
        return process.returncode

    def look_killed(self) -> None:
        """One that is killed at a random moment: of its life, or right after it told something."""
        process, seen = self.start(), len(self.hook.bodies)
        at_the_telling = self.chance.random() < 0.5
        until = time.monotonic() + self.whole * (10 if at_the_telling else self.chance.uniform(0.5, 1.5))
        while process.poll() is None and time.monotonic() < until:
            if at_the_telling and len(self.hook.bodies) > seen:
                time.sleep(self.chance.uniform(0, 0.05))
                break
            time.sleep(0.002)
        killed = process.poll() is None
        process.kill()
        process.communicate()
        self._ended(killed=killed)
        store = self.site.store()
        if held := store.lease(LEASE):
            store.give_back_lease(LEASE, held[0])  # instead of waiting until it has passed

    def _ended(self, *, killed: bool) -> None:
        self.of_body += [len(self.killed)] * (len(self.hook.bodies) - len(self.of_body))
        self.killed.append(killed)

    def told(self) -> list[tuple[str, bool]]:
        """The ID of each notice that arrived, and whether there is a cause to tell it again."""
        return [
            (notice["notice_id"], lost or self.killed[look])
            for document, lost, look in zip(self.hook.documents, self.hook.lost, self.of_body, strict=True)
            for notice in document["notices"]
        ]


def follows(recorded: tuple[Recorded, ...]) -> bool:
    """Whether each notice is news after the one before of the same thing: none is new twice, or over twice."""
    last: dict[Any, str] = {}
    for each in recorded:
        if (each.notice.kind == "over") != (last.get(each.notice.key, "over") != "over"):
            return False
        last[each.notice.key] = each.notice.kind
    return True


def run(site: Site, rounds: int) -> None:
    """So many looks, of which most are killed and every third loses an answer, while the alias moves now and then."""
    site.asks(summarizer=ALIAS, grader="claude-sonnet-4-6")
    site.accept("summarizer", "grader")
    site.preflight()
    with receiver() as hook:
        story = Story(site, hook)
        story.look()
        for turn in range(rounds):
            if turn % 4 != 3:  # in the fourth nothing happened
                site.sandbox.move_alias(ALIAS, NEW if turn % 2 == 0 else OLD)
            hook.answers = ["lose"] if turn % 3 == 0 else []
            story.look_killed()
            if turn % 10 == 9:
                story.look()  # how long one takes, while others use the machine
        hook.answers = []
        site.sandbox.move_alias(ALIAS, NEW)
        assert [story.look(), story.look()] == [1, 1]
        told, documents = story.told(), hook.documents
    store = site.store()
    recorded = store.news()
    times = Counter(notice_id for notice_id, _ in told)
    unfounded, seen = list[str](), dict[str, bool]()
    for notice_id, cause in told:
        if not seen.get(notice_id, True):
            unfounded.append(notice_id)
        seen[notice_id] = cause
    again = sum(count - 1 for count in times.values())
    print(
        f"{rounds} rounds, {sum(story.killed)} kills, {sum(hook.lost)} lost answers: "
        f"{len(recorded)} notices, {len(told)} told in {len(documents)} digests, {again} of them again"
    )
    assert unfounded == []
    assert store.verify(RESERVED).intact
    assert follows(recorded)
    assert set(times) <= {each.notice.notice_id for each in recorded}
    heard = {}
    for document in documents:
        heard |= {(n["slot"], n["check_id"], n["model_id"]): n["kind"] == "over" for n in document["notices"]}
    newest = {(r.notice.slot, r.notice.check_id, r.notice.model_id): r.notice for r in recorded}
    assert heard == {key: row.kind == "over" for key, row in newest.items() if key in heard or row.kind != "over"}
    assert newest["summarizer", "drift.alias-moved", ALIAS].kind == "new"


def test_no_notice_is_lost_and_none_told_twice_without_a_cause(file_site: Site) -> None:
    """What was told last is what is so; told again is only what a kill or a lost answer left in doubt."""
    run(file_site, 3)


@pytest.mark.slow
@pytest.mark.timeout(1800)  # a hundred processes, where others use the machine too
def test_that_holds_at_a_hundred_moments_on_either_database(site: Site) -> None:
    """As above."""
    run(site, 100)

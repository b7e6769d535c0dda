"""The audit store as the rest of modelgate sees it: questions, and one way to add."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import Connection

from modelgate.domain.chain import Verification
from modelgate.domain.history import Event, Standing, State, StoredFacts, StoredRun
from modelgate.domain.pins import Pin
from modelgate.domain.rows import Author, HandOver, Head, Scope
from modelgate.store import handovers, read
from modelgate.store.append import NewRow, append
from modelgate.store.opened import Opened
from modelgate.store.places import end_of
from modelgate.store.together import together

if TYPE_CHECKING:
    from modelgate.domain.evidence import Evidence, Proofs
    from modelgate.domain.notices import Key, Recorded
    from modelgate.domain.rows import FindingRow
    from modelgate.domain.storage import Storage
    from modelgate.store.archiving import Archiving
    from modelgate.store.batches import JobRows
    from modelgate.store.fleet import Census

T = TypeVar("T")


class Store(Opened):
    """Questions to an open audit store, and one way to add.

    Every method raises StoreProblem where the store cannot be asked.
    """

    def state(self, scope: Scope, *, promote_from: str = "") -> State:
        """The present of `scope`, read at one instant. `promote_from` is an environment of the same service."""
        ahead, self._ahead = self._ahead, None
        if ahead and ahead.of == (scope, promote_from):
            return ahead.state
        server = self._database.is_server
        with suppress(handovers.More):
            return self._database.ask(read.state(scope, promote_from, server=server))

        def work(connection: Connection) -> State:
            question = read.state(scope, promote_from, server=server, connection=connection)
            return question.answer(*together(connection, *question.queries))

        return self._database.run(work)

    def facts(
        self, scope: Scope, *, reuse_fingerprint: str | None = None, grace_fingerprint: str | None = None
    ) -> StoredFacts | None:
        """The facts of the newest run that asked the API with this fingerprint."""
        return self._database.ask(
            read.facts(scope, reuse_fingerprint, grace_fingerprint, server=self._database.is_server)
        )

    def young_facts(
        self,
        scope: Scope,
        between: tuple[datetime, datetime],
        *,
        reuse_fingerprint: str | None = None,
        grace_fingerprint: str | None = None,
    ) -> tuple[StoredFacts, ...]:
        """Facts that were asked for with this fingerprint between two instants, the newest by sequence first."""
        server = self._database.is_server
        return self._database.ask(read.young_facts(scope, reuse_fingerprint, grace_fingerprint, between, server=server))

    def append(
        self,
        scope: Scope,
        author: Author,
        rows: Sequence[NewRow],
        *,
        expect: Mapping[str, int] | None = None,
        now: datetime,
        lease: str | None = None,
        entries: Mapping[str, str] | None = None,
    ) -> Head:
        """Adds `rows` to the chain of `scope` in one transaction, all or none, and returns its new end.

        `expect` is slot → newest revision that the caller saw (0: none): if one has moved since, nothing is written and
        Conflict is raised. `now` is the author's clock. `rows` are not empty, and their texts are made storable.
        A `lease` of this store's holder ends with it. `entries`: digest to text of those that the rows name; what is
        there already is not written again.
        """
        end = (lease, self.holder) if lease else None
        head = append(
            self._database, self._schema.tables, scope, author, rows,
            expect=expect or {}, now=now, lease=end, entries=entries or {},
        )  # fmt: skip
        self._ended |= {lease} if lease else set()
        return head

    def revisions(self, scope: Scope, slot: str | None = None) -> tuple[Pin, ...]:
        """Every revision of the scope, or of one slot, oldest first."""
        return self._database.ask(read.revisions(scope, slot))

    def standing(self, scope: Scope) -> Standing:
        """What `status` tells of a scope, read at one instant."""
        from modelgate.store.standing import standing

        return self._database.ask(standing(scope, self._database.is_server, self._schema.tables))

    def run(self, run_id: str) -> StoredRun | None:
        """A recorded run with its resolutions, of any scope."""
        return self._database.run(lambda c: read.run(c, run_id))

    def run_ids(self, scope: Scope, limit: int) -> tuple[str, ...]:
        """The IDs of the newest runs of a scope, newest first."""
        return self._database.run(lambda c: read.run_ids(c, scope, limit))

    def last_run(self, scope: Scope) -> StoredRun | None:
        """The newest `check` or `preflight`, with its resolutions."""
        return self._database.run(lambda c: read.last_run(c, scope))

    def findings(self, run: StoredRun) -> tuple[FindingRow, ...]:
        """The findings of a recorded run, in the order of its report."""
        return self._database.run(lambda c: read.findings_of(c, run))

    def last_preflight(self, scope: Scope) -> StoredRun | None:
        """The newest preflight of a deployment that passed, without its resolutions."""
        return self._database.ask(read.last_preflight(scope))

    def head(self, scope: Scope) -> Head | None:
        """The end of the chain; None if nothing was ever recorded."""
        return self._database.ask(end_of(scope, self._schema.tables)).head

    def previous_hand_over(self, scope: Scope, slot: str, present: str | None) -> HandOver | None:
        """The newest hand-over to the slot of another ID than `present` that no rollback has left since."""
        return self._database.run(lambda c: handovers.previous(c, scope, slot, present))

    def was_handed_over(self, scope: Scope, slot: str, model_id: str) -> bool:
        """Whether the slot was ever handed this ID."""
        return self._database.run(lambda c: handovers.ever(c, scope, slot, model_id))

    def handed_over_at(self, scope: Scope, at: datetime | None = None) -> tuple[HandOver, ...]:
        """The newest hand-over of each slot at or before `at` (None: of all), by slot."""
        return self._database.run(lambda c: handovers.at(c, scope, at))

    def history(
        self, scope: Scope, *, slot: str | None = None, since: datetime | None = None, limit: int | None = 50
    ) -> tuple[Event, ...]:
        """The newest `limit` (None: all) revisions and changes of what was handed over, newest first."""
        from modelgate.store.history import history

        return self._database.run(lambda c: history(c, scope, slot=slot, since=since, limit=limit))

    def verify(
        self,
        scope: Scope,
        *,
        after: Head | None = None,
        expect: Head | None = None,
        archives: Sequence[Path] = (),
        progress: Callable[[int, int], None] | None = None,
    ) -> Verification:
        """Walks the chain and names the first row that does not fit. No deadline: it takes as long as it takes.

        `after`: a head that was verified before, where the walk begins. `expect`: a head that was kept elsewhere.
        `archives`: files that rows left for, which are read too. `progress` is told how many of how many rows were
        read. Raises UsageError for the head of another chain, and for a file that cannot be read.
        """
        from modelgate.store import verification

        with self._database.session() as c:
            heads = {"after": after, "expect": expect}
            found = verification.verify(c, self._schema, scope, **heads, files=archives, progress=progress)
            return found if self._database.missing else verification.guarded(c, self._schema, found)

    def export(self, scope: Scope) -> Iterator[str]:
        """The chain as lines of JSON that `docs/audit.md` tells a stranger how to verify."""
        from modelgate.store import verification

        with self._database.session() as c:
            yield from verification.export(c, self._schema, scope)

    def storage(self, now: datetime, before: datetime | None) -> Storage:
        """How much room the rows of every scope take; `before`: how much those that are older."""
        from modelgate.store import storage

        return self._database.run(lambda c: storage.measured(c, self._schema.tables, now, before))

    def archiving(self, before: datetime) -> Archiving:
        """What is older than `before` and may leave for an archive."""
        from modelgate.store.archiving import Archiving

        return Archiving(self._database, self._schema, before)

    def archive_of(self, scope: Scope, at: datetime) -> tuple[str, datetime] | None:
        """The archive that took the rows of that time, and T: what is older than T is there."""
        from modelgate.store.archives import of_time

        return self._database.ask(of_time(scope, at))

    def census(self, now: datetime, forgotten: datetime, count: Callable[[Census], T]) -> T:
        """What `count` makes of every scope that ran a check or a preflight since `forgotten`, read at one instant.

        It reads while it counts, and may have to count again.
        """
        from modelgate.store.fleet import Census

        return self._database.run(lambda c: count(Census(c, now, forgotten)))

    def news(self, after: int = 0) -> tuple[Recorded, ...]:
        """The notices of `watch` with a sequence above `after`, oldest first."""
        from modelgate.store import notices

        return self._database.run(lambda c: notices.since(c, after))

    def last_news(self, through: int | None = None) -> dict[Key, Recorded]:
        """The newest notice of each thing that one was ever about, up to a sequence (None: of all), oldest first."""
        from modelgate.store import notices

        return self._database.run(lambda c: notices.newest(c, through))

    def told(self, channel: str) -> int | None:
        """The sequence of the last notice that a channel was told; None for a channel that is new."""
        from modelgate.store import notices

        return self._database.run(lambda c: notices.told(c, channel))

    def evidence(
        self, scope: Scope, slot: str | None = None, *, ids: Collection[str] | None = None, limit: int | None = None
    ) -> tuple[Evidence, ...]:
        """What was shown of IDs in a slot or (None) in all, the newest `limit` (None: all), oldest first."""
        from modelgate.store import evidence

        return self._database.ask(evidence.of(scope, slot, ids, limit))

    def proofs(self, scope: Scope, pinned: Collection[tuple[str, str]], *, promote_from: str = "") -> Proofs:
        """What is known of the IDs of a lock: (slot, ID)."""
        from modelgate.store import evidence

        return self._database.ask(evidence.proofs(scope, pinned, promote_from))

    def batch_jobs(self, scope: Scope, job_id: str | None = None) -> tuple[JobRows, ...]:
        """The jobs of batches of the scope, or the one with this ID, oldest first."""
        from modelgate.store import batches

        return self._database.ask(batches.jobs(scope, job_id))

    def owned_batches(self, adopted_before: datetime | None = None) -> frozenset[str]:
        """The IDs of the batches, of any scope, that cannot have come of an intent at `intent_at`."""
        from modelgate.store import batches

        return self._database.run(lambda c: batches.owned(c, adopted_before))

"""The lease of a job: only one process at a time sends, collects and sends again."""

from __future__ import annotations

import os
import secrets
import threading
from contextlib import suppress
from types import TracebackType

from modelgate.batches.job import typed
from modelgate.batches.ledger import Ledger
from modelgate.batches.logs import log_of
from modelgate.clock import Clock
from modelgate.domain.errors import Interrupted, Refused, StoreProblem

LEASE_SECONDS = 15.0
"""How long a killed process keeps others from its job."""

RENEW_SECONDS = 4.0

GIVE_BACK_SECONDS = 1.0
"""A command ends soon, whatever state the store is in."""

INTERRUPTED_SECONDS = 0.2
"""A slow store must not keep back what is asked and said after Ctrl-C: the process has less than a second for it."""

_log = log_of(__name__)


class Lease:
    """Held while inside `with`. A daemon thread renews it, also while a long body is being sent.

    Entering waits for the lease of a process that no longer renews it; `Refused` names one that does.
    """

    def __init__(self, ledger: Ledger, job_id: str, host: str, clock: Clock, *, form: int = 1) -> None:
        self._ledger = ledger
        # Versions that know form 1 alone ask for the first name, which the database refuses them for other jobs.
        self._name = f"batch:{job_id}" if form == 1 else f"batch:{form}:{job_id}"
        self._job_id = job_id
        self._holder = f"{host}, process {os.getpid()} {secrets.token_hex(4)}"
        self._clock = clock
        self._sure_until = 0.0
        """By the clock's seconds: before that, nobody else can have taken it."""
        self._lost = ""
        """Who has had it since."""
        self._ended = threading.Event()

    def __enter__(self) -> Lease:
        seen: tuple[str, float] | None = None
        while (holder := self._take()) != self._holder:
            with self._ledger.store() as store:
                now = store.lease(self._name)
            if seen and now and now[0] == seen[0] and now[1] != seen[1]:
                raise self._refusal(holder)
            if seen is None:
                _log.warning("%s is with %s: waiting to see whether that is alive", self._job_id, _shown(holder))
            seen = now
            self._clock.sleep(1.0)
        threading.Thread(target=self._keep, name="modelgate-lease", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        giving_back = threading.Thread(target=self._give_back, name="modelgate-lease-end", daemon=True)
        giving_back.start()
        giving_back.join(INTERRUPTED_SECONDS if isinstance(error, Interrupted) else None)

    def _give_back(self) -> None:
        try:
            with self._ledger.store(GIVE_BACK_SECONDS) as store:
                store.give_back_lease(self._name, self._holder)
        except StoreProblem:  # it expires by itself
            told = {"job_id": self._job_id}  # no field stands around another thread
            _log.warning("the lease of %s could not be given back: it ends by itself", self._job_id, extra=told)

    def check(self) -> None:
        """Raises `Refused` if another process has had the job since, as this one was stopped or cut off for too long.

        Where the lease may have run out, the store is asked first. Raises `StoreProblem` if that cannot say.
        """
        if not self._lost and self._clock.monotonic() >= self._sure_until:
            self._renew()
        if self._lost:
            raise self._refusal(self._lost)

    def _take(self) -> str:
        with self._ledger.store() as store:
            self._sure_until = self._clock.monotonic() + LEASE_SECONDS
            return store.take_lease(self._name, self._holder, LEASE_SECONDS)

    def _renew(self) -> None:
        with self._ledger.store() as store:
            sure_until = self._clock.monotonic() + LEASE_SECONDS
            if store.renew_lease(self._name, self._holder, LEASE_SECONDS):
                self._sure_until = sure_until
            else:
                held = store.lease(self._name)
                self._lost = held[0] if held else "a process that has ended by now "

    def _keep(self) -> None:
        while not self._ended.wait(RENEW_SECONDS) and not self._lost:
            with suppress(StoreProblem):  # until then `check` asks by itself
                self._renew()

    def _refusal(self, holder: str) -> Refused:
        show = typed(self._ledger.scope, "show", self._job_id)
        return Refused(f"{self._job_id} is with {_shown(holder)}", commands=(show,))


def _shown(holder: str) -> str:
    return holder.rpartition(" ")[0]

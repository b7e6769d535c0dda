"""The surroundings of a command: what it may read of the context, handed in once at the top."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from modelgate.clock import Clock, Deadline, SystemClock
from modelgate.domain.errors import Refused, StoreProblem
from modelgate.domain.problems import Problem
from modelgate.domain.rows import Author, Scope
from modelgate.domain.settings import ApiSettings, Settings
from modelgate.domain.source import DEFAULT
from modelgate.gate.author import author
from modelgate.settings import load
from modelgate.store import Store, open_store, shown


@dataclass(frozen=True, slots=True)
class Context:
    """One service in one environment, as one process sees it."""

    settings: Settings
    environ: Mapping[str, str]
    clock: Clock
    author: Author

    @property
    def scope(self) -> Scope:
        """What pins and the chain are of."""
        return Scope(self.settings.service, self.settings.environment)

    @property
    def api(self) -> ApiSettings:
        """How the API is reached. Raises Refused where a stranger's settings would decide where secrets go."""
        self.need_trusted()
        return self.settings.api

    def need_trusted(self) -> None:
        """Raises Refused if the settings are a stranger's, and take secrets where nobody vouches for it."""
        for each in self.settings.untrusted[:1]:
            hint = f"if that is right, whoever set up this job says so: {each.variable}=…"
            raise Refused(f"settings.untrusted: {each.source}: {each.key} {each.what}", hint=hint)

    def deadline(self) -> Deadline:
        """The end of all waiting of a command that starts now."""
        return Deadline.after(self.settings.check.deadline_seconds, self.clock)

    @property
    def store_address(self) -> str:
        """Where the audit store is, as people are told it. Raises SettingsError."""
        return shown(self.settings.database)

    def store(
        self,
        deadline: Deadline,
        *,
        read_only: bool = False,
        meanwhile: Callable[[], None] | None = None,
        keeps: bool = False,
        promote_from: str | None = None,
    ) -> Store:
        """The audit store, opened; `meanwhile` begins what may go on while a server is waited for.

        With `keeps` one connection is kept until `Store.rest`. With `promote_from`, which may be empty, the state that
        is asked for first is read at once.

        Raises StoreProblem, and Refused where a stranger's settings would decide where secrets go.
        """
        self.need_trusted()
        if self.settings.strangers and self.settings.database.source == DEFAULT:
            hint = 'set MODELGATE_DATABASE_URL; or keep approvals in git (pins_from = "lock") and say --no-store'
            raise StoreProblem(Problem("store.unreachable", "no audit store is named for a pull request's check", hint))
        try:
            return open_store(
                self.settings.database,
                deadline=deadline,
                clock=self.clock,
                service_given=self.settings.service_given or not self.scope.environment,
                read_only=read_only,
                meanwhile=meanwhile,
                keeps=keeps,
                ahead=None if promote_from is None else (self.scope, promote_from),
            )
        except StoreProblem as error:
            if error.problem.command and self.scope.environment:  # only here is known of which service and environment
                whole = f"{error.problem.command} {self.scope.flags}"
                raise StoreProblem(replace(error.problem, command=whole)) from error
            raise


def prepare(
    environ: Mapping[str, str],
    *,
    service: str | None = None,
    environment: str | None = None,
    config_dir: Path | None = None,
    database_url: str | None = None,
    clock: Clock | None = None,
    anywhere: bool = False,
) -> Context:
    """Reads the settings and finds out who runs this; `anywhere` as in `load`. Raises SettingsError."""
    settings = load(
        service=service,
        environment=environment,
        config_dir=config_dir,
        database_url=database_url,
        environ=environ,
        anywhere=anywhere,
    )
    return Context(settings, environ, clock or SystemClock(), author(environ, settings.config_dir))

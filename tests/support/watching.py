"""One look of `watch`, by somebody who has none of the services' settings."""

from __future__ import annotations

from modelgate.fleet.watch import WatchResult, watch
from modelgate.gate.context import prepare
from support.receivers import Receiver
from support.sites import Site, SteppedClock


class Impatient(SteppedClock):
    """What is slept passes at once."""

    def sleep(self, seconds: float) -> None:
        """Lets the time pass."""
        self.waited += seconds


def look(site: Site, *hooks: Receiver, clock: SteppedClock | None = None, **how: bool) -> WatchResult:
    """One `modelgate watch` that tells these receivers."""
    clock = clock or Impatient()
    clock.ahead = site.clock.ahead
    environ = dict(site.environ)
    for hook in hooks:
        if hook.speaks == "slack":
            (site.folder / "slack").write_text(f"{hook.url}\n")
            environ["MODELGATE_NOTIFY__SLACK_WEBHOOK_FILE"] = str(site.folder / "slack")
        else:
            (site.folder / "secret").write_text("s3cret\n")
            environ["MODELGATE_NOTIFY__WEBHOOK_URL"] = hook.url
            environ["MODELGATE_NOTIFY__WEBHOOK_SECRET_FILE"] = str(site.folder / "secret")
    return watch(prepare(environ, config_dir=site.folder, clock=clock, anywhere=True), **how)


def told(outcome: WatchResult) -> list[tuple[str, str, str]]:
    """Kind, check and level of the news, sorted."""
    return sorted((row.kind, row.check_id, row.level) for row in outcome.news)


def running(site: Site, **references: str) -> None:
    """A service that was approved and started."""
    references = references or {"summarizer": "claude-sonnet-4-5"}
    site.asks(**references)
    site.accept(*references)
    site.preflight()

"""The IDs of all checks, in the order of the contract. IDs are permanent: never renamed, never used again."""

from __future__ import annotations

CHECK_IDS = (
    "drift.slot-removed",
    "drift.pin-retired",
    "drift.pin-missing",
    "drift.hold-expired",
    "drift.settings-override-hold",
    "drift.held",
    "drift.unpinned",
    "drift.reference-changed",
    "drift.alias-moved",
    "drift.reference-renamed",
    "drift.earlier-pin",
    "catalogue.unknown-model",
    "catalogue.retired",
    "catalogue.not-permitted",
    "catalogue.alias",
    "catalogue.deprecated",
    "catalogue.retires-soon",
    "catalogue.retirement-overdue",
    "catalogue.lifecycle-unknown",
    "catalogue.missing-capability",
    "catalogue.limit-too-small",
    "catalogue.line-not-allowed",
    "catalogue.fact-unknown",
    "drift.facts-changed",
    "drift.retirement-moved",
    "drift.origin-changed",
    "drift.not-promoted",
    "evidence.missing",
    "evidence.stale",
    "evidence.failed",
    "api.origin-not-approved",
    "api.unreachable",
    "api.rate-limited",
    "api.credentials",
    "api.untrusted-answer",
    "api.entry-unreadable",
    "store.unreachable",
    "store.schema-behind",
    "store.schema-incompatible",
    "store.schema-ahead",
    "store.created",
    "store.unencrypted",
    "api.grace",
    "store.grace",
    "settings.unknown-variable",
    "settings.model-from-unset",
    "settings.observed-blind",
    "settings.untrusted",
    "settings.loosened",
    "settings.sample",
    "settings.lock-stale",
    "settings.waiver-expired",
    "settings.waiver-unused",
    "settings.offline",
)

WATCH_IDS = ("watch.silent", "watch.not-asked")
BATCH_IDS = ("batch.served-other", "batch.ambiguous", "batch.sent-twice", "batch.unclaimed")
"""What batches find: about answers and batches, not about slots, so that no run of the gate judges them."""

PROBE_IDS = ("probe.refused", "probe.served-other", "probe.too-long")
"""What `probe` finds: what the API said of a slot's own request, so that no run of the gate judges them."""

SCAN_IDS = ("scan.retired", "scan.unknown", "scan.retires-soon", "scan.outside-gate", "scan.other-platform")
"""What `scan` finds: about names in files, not about slots. A comment beside the name covers it, not a waiver."""

_NEVER_WAIVED = {
    # What could not be known: no word of anybody makes it known.
    "catalogue.fact-unknown",
    "api.unreachable",
    "api.rate-limited",
    "api.credentials",
    "api.untrusted-answer",
    "store.unreachable",
    "store.schema-behind",
    "store.schema-incompatible",
    # An ID that nobody approved, or that cannot be served.
    "drift.unpinned",
    "drift.pin-retired",
    "drift.pin-missing",
    "catalogue.unknown-model",
    "catalogue.retired",
}


def waivable(check: str) -> bool:
    """Whether a waiver may name this check."""
    if check == "settings.sample":
        return True
    return check in CHECK_IDS and check not in _NEVER_WAIVED and not check.startswith(("settings.", "evidence."))

"""The audit store: what was seen, decided and approved. Rows are only ever added.

`open_store` opens it, `Store` asks it and adds to it. `modelgate.store.migrate` is imported only where it is needed.
"""

from modelgate.domain.chain import Misfit, Verification
from modelgate.domain.history import Envelope, Event, State, StoredFacts, StoredRun
from modelgate.store.address import shown
from modelgate.store.opening import connect, open_store
from modelgate.store.store import Store

__all__ = [
    "Envelope",
    "Event",
    "Misfit",
    "State",
    "Store",
    "StoredFacts",
    "StoredRun",
    "Verification",
    "connect",
    "open_store",
    "shown",
]

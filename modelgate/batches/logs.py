"""Log lines of a job: each has the fields that are known where it is written."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    _Adapter = logging.LoggerAdapter[logging.Logger]
else:
    _Adapter = logging.LoggerAdapter

_known: ContextVar[Mapping[str, object]] = ContextVar("modelgate_batch_fields", default={})  # noqa: B039 # never changed


class _Log(_Adapter):
    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        return msg, {**kwargs, "extra": {**_known.get(), **kwargs.get("extra", {})}}


def log_of(name: str) -> logging.LoggerAdapter[logging.Logger]:
    """The logger of a module; what it writes has the fields that stand around it."""
    return _Log(logging.getLogger(name), {})


@contextmanager
def fields(**more: object) -> Iterator[None]:
    """Inside, log lines have these fields too: `job_id`, `slot`, `model`, `part`, `batch_id`."""
    before = _known.set({**_known.get(), **{name: value for name, value in more.items() if value is not None}})
    try:
        yield
    finally:
        _known.reset(before)

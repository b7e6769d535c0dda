"""SIGTERM and Ctrl-C: a command tidies up and ends, within a second whatever it waits for."""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType
from typing import NoReturn

from modelgate.domain.errors import Interrupted

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_TIDYING_UP = 0.8
"""Seconds for it. A file or a transaction that is not whole by then never was: both appear whole or not at all."""
_SOON = 0.01
"""Seconds after which a finalizer is over."""
_person_answers = threading.Event()
_heard: list[int] = []


def handle() -> None:
    """From now on either signal raises `Interrupted` in the main thread, and a second one changes nothing.

    A main thread that waits inside a library (for a lock of SQLite, a name server, a reader of its output) would hear
    of it only afterwards: so a thread beside it ends the process when the time for tidying up is over.
    """
    reads, writes = os.pipe()
    os.set_blocking(writes, False)
    signal.set_wakeup_fd(writes, warn_on_full_buffer=False)
    threading.Thread(target=_end_in_time, args=(reads,), name="modelgate-interrupts", daemon=True).start()
    sys.unraisablehook = _raise_again
    _listen()


def no_longer_handle() -> None:
    """Leaves the signals to the system: nothing is to be tidied up any more."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_DFL)


def raise_again() -> None:
    """Raises `Interrupted` once more if it was, unless a person answered it: libraries make other exceptions of it.

    A signal while pydantic builds a validator comes out as its SchemaError (measured with pydantic 2.14).
    """
    if _heard and not _person_answers.is_set():
        raise Interrupted(_heard[0])


def wait_for_answer() -> None:
    """Somebody was asked what to do about the interrupt: that takes as long as it takes."""
    _person_answers.set()


def _listen() -> None:
    for number in _SIGNALS:
        signal.signal(number, _interrupt)


def _interrupt(number: int, _frame: FrameType | None) -> NoReturn:
    for each in _SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    _heard.append(number)
    raise Interrupted(number)


def _raise_again(lost: sys.UnraisableHookArgs) -> None:
    """What is raised while Python runs a finalizer or a weak reference's callback is lost: an interrupt comes again.

    On Windows it cannot be sent again: there the process ends when the time for tidying up is over.
    """
    if not isinstance(lost.exc_value, Interrupted):
        sys.__unraisablehook__(lost)
    elif os.name == "posix":
        _listen()
        threading.Timer(_SOON, os.kill, (os.getpid(), lost.exc_value.signal)).start()


def _end_in_time(reads: int) -> None:
    number = os.read(reads, 1)[0]
    if not _person_answers.wait(_TIDYING_UP):
        os._exit(Interrupted(number).exit_code)

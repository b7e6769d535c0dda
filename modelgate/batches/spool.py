"""Rows of results on disk, until all of them are there."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from modelgate.domain.errors import UsageError

ANOTHER_OUT = "run it again with another --out: nothing is sent twice"


class Spool:
    """Rows of results in a file without a name; it vanishes with the process.

    `folder` is where the results are to be, None: that for temporary files. Raises `UsageError` where it has no room.
    """

    def __init__(self, folder: Path | None) -> None:
        with self._room():
            self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 # kept open, closed in `close`
        self._end = 0

    def add(self, row: bytes) -> tuple[int, int]:
        """Keeps a row; returns where it starts and how long it is."""
        start = self._end
        with self._room():
            self._file.seek(start)
            self._end += self._file.write(row)
        return start, len(row)

    def read(self, start: int, length: int) -> bytes:
        """The row at a place."""
        with self._room():
            self._file.seek(start)
            return self._file.read(length)

    def close(self) -> None:
        """Forgets the rows."""
        with suppress(OSError):  # what was to be written still needs no room any more
            self._file.close()

    @staticmethod
    @contextmanager
    def _room() -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise UsageError(f"cannot keep the results: {error.strerror}", hint=ANOTHER_OUT) from None

"""Files that others name, read with a bound: neither a pipe without a writer nor an endless device keeps us waiting."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path


def read_small(path: Path, largest: int) -> bytes:
    """The content of a regular file of at most `largest` bytes. Raises OSError, also for anything else."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    with open(descriptor, "rb") as file:
        content = file.read(largest + 1)
    if len(content) > largest:
        raise OSError(errno.EFBIG, f"larger than {largest} bytes", str(path))
    return content

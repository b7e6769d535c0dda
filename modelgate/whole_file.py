"""Files that appear whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


def write_whole(path: Path, content: str | bytes, mode: int = 0o644) -> None:
    """Writes the file as in `whole_file`, readable by other users unless it was not before. Raises OSError."""
    with whole_file(path, secrets.token_hex(4)) as file:
        file.write(content if isinstance(content, bytes) else content.encode())
        if not _is_device(path):
            os.chmod(file.name, stat.S_IMODE(os.stat(path).st_mode) if os.path.exists(path) else mode)


@contextmanager
def whole_file(path: Path, mark: str) -> Iterator[BinaryIO]:
    """A file to write to, which takes the place of `path` at the end of the block, or never. Raises OSError.

    `mark` is in its name until then: what a killed process left under the same mark is written anew. A link stays one,
    unless somebody else planted it. A device or a pipe, such as /dev/stdout, is written to: in its place a file would
    be of no use. A pipe that nobody reads is an error, and not waited for.
    """
    if _is_planted(path):
        raise OSError(errno.ELOOP, "it is a link that another user made where others may write", str(path))
    if _is_device(path):
        descriptor = os.open(path, os.O_WRONLY | getattr(os, "O_NONBLOCK", 0))
        with open(descriptor, "wb") as device:
            if os.name == "posix":
                os.set_blocking(descriptor, True)
            yield device
        return
    path = _real(path)
    temporary = path.with_name(f".{path.name}.{mark}")
    temporary.unlink(missing_ok=True)
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def folder_of(path: Path) -> Path | None:
    """The folder in which `whole_file` makes the file; None for a device or a pipe."""
    return None if _is_device(path) else _real(path).parent


def may_write(path: Path) -> bool:
    """Whether `write_whole` could make the file, as far as that is known without trying."""
    folder = folder_of(path)
    return os.access(folder, os.W_OK | os.X_OK) if folder else not os.path.isdir(path)


def _is_planted(path: Path) -> bool:
    """Whether it is a link in a folder that others may write to, made by somebody who is neither us nor root."""
    if os.name != "posix" or not os.path.islink(path):
        return False
    others_write = os.stat(path.parent).st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return bool(others_write) and os.lstat(path).st_uid not in (0, os.geteuid())


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))  # unlike Path.resolve, also of links that point at each other


def _is_device(path: Path) -> bool:
    return os.path.exists(path) and not os.path.isfile(path)  # unlike Path's, these take any name, however long

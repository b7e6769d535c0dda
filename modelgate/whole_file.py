"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_whole(path: Path, text: str, mode: int = 0o644) -> None:
    """Writes the file whole or not at all, readable by other users. Raises OSError.

    A link stays one. A device or a pipe, such as /dev/stdout, is written to: in its place a file would be of no use.
    """
    if _is_device(path):
        path.write_text(text, "utf-8")
        return
    path = Path(os.path.realpath(path))  # unlike Path.resolve, also of links that point at each other
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def may_write(path: Path) -> bool:
    """Whether `write_whole` could make the file, as far as that is known without trying."""
    if _is_device(path):
        return not os.path.isdir(path)
    return os.access(os.path.dirname(os.path.realpath(path)), os.W_OK | os.X_OK)


def _is_device(path: Path) -> bool:
    return os.path.exists(path) and not os.path.isfile(path)  # unlike Path's, these take any name, however long

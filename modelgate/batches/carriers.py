"""What carries requests: JSON lines, a JSON array, either gzipped; a process reads all of them as JSON lines."""

from __future__ import annotations

import codecs
import gzip
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, BinaryIO

from modelgate.domain.errors import UsageError

_GZIP = b"\x1f\x8b"
_SPACE = b" \t\r\n"
_CHUNK = 1 << 20


def opened(path: Path) -> BinaryIO:
    """A file of requests. Raises `UsageError` where it cannot be read, or not more than once."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise UsageError(
                f"{path} is no regular file", hint="it is read more than once: write the requests to a file"
            )
        return path.open("rb", buffering=_CHUNK)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None


@contextmanager
def as_lines(path: Path) -> Iterator[Path]:
    """The requests of `path` as a file of JSON lines, inside the block: the file itself, or a copy that goes after it.

    Raises `UsageError` where it cannot be read.
    """
    with opened(path) as file:
        start = file.read(4096)
    if not start.startswith(_GZIP) and not _is_array(start):
        yield path
        return
    copy: Path | None = None
    try:
        with opened(path) as file, _copy() as made:
            copy = Path(made.name)
            _write(gzip.GzipFile(fileobj=file) if start.startswith(_GZIP) else file, made, path)
        yield copy
    finally:
        if copy:
            with suppress(OSError):
                copy.unlink()


def _write(source: BinaryIO | gzip.GzipFile, target: IO[bytes], path: Path) -> None:
    try:
        start = source.read(4096)
        if _is_array(start):
            for element in _elements(start, source):
                target.write(element + b"\n")
        else:
            target.write(start)
            shutil.copyfileobj(source, target, _CHUNK)
    except (EOFError, gzip.BadGzipFile, ValueError) as error:
        said = str(error) or type(error).__name__
        raise UsageError(f"{path} cannot be read: {said[:80]}", hint="is the file whole?") from None
    except OSError as error:
        raise UsageError(f"no room for a copy of {path}: {error.strerror}", hint="another folder: TMPDIR=…") from None


def _copy() -> tempfile._TemporaryFileWrapper[bytes]:
    try:
        return tempfile.NamedTemporaryFile(prefix=f"modelgate-{os.getpid()}-", suffix=".jsonl", delete=False)
    except OSError as error:
        raise UsageError(f"no room for a copy of the requests: {error.strerror}", hint="TMPDIR=…") from None


def _is_array(start: bytes) -> bool:
    return start.removeprefix(codecs.BOM_UTF8).lstrip(_SPACE)[:1] == b"["


def _elements(start: bytes, source: BinaryIO | gzip.GzipFile) -> Iterator[bytes]:
    """The elements of an array, each in one line, in memory for one of them. Raises ValueError where it is none."""
    decode = codecs.getincrementaldecoder("utf-8")()
    reader = json.JSONDecoder()
    text = decode.decode(start.removeprefix(codecs.BOM_UTF8)).lstrip(" \t\r\n")[1:]
    wanted, over = 0, False
    while True:
        text = text.lstrip(" \t\r\n,")
        if text.startswith("]"):
            break
        try:
            _, end = reader.raw_decode(text) if len(text) >= wanted or over else (None, 0)
            if end and (end < len(text) or over):
                yield text[:end].replace("\n", " ").replace("\r", " ").encode("utf-8", "surrogatepass")
                text, wanted = text[end:], 0
                continue
        except RecursionError:
            raise ValueError("it is nested too deeply") from None
        except ValueError:
            if over:
                raise ValueError("it is no JSON array") from None
        wanted = max(wanted, 2 * len(text)) if len(text) >= wanted else wanted
        block = source.read(_CHUNK)
        over = not block
        text += decode.decode(block, over)
    if (text[1:] + decode.decode(source.read(), True)).strip():
        raise ValueError("there is text after the array")

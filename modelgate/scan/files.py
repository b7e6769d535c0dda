"""Which files are read, and their text. Nothing is executed or imported, and no link is followed out of the tree."""

from __future__ import annotations

import os
import stat
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from modelgate.domain.errors import UsageError
from modelgate.small_file import read_small

if TYPE_CHECKING:
    import pathspec

LARGEST = 1_000_000
"""Bytes of a file that is read; a larger one is data or was generated, and is counted as skipped."""
DOCUMENTS = {".md", ".mdx", ".markdown", ".rst", ".adoc", ".asciidoc", ".org", ".txt"}
_DOCUMENT_NAMES = {"README", "CHANGES", "CHANGELOG", "HISTORY", "NEWS", "METADATA", "PKG-INFO"}
"""Documents without a suffix that says so; the last two are the description that a Python package carries along."""
_NEVER = {".git", ".hg", ".svn", "node_modules", ".venv", "venv", "__pycache__", ".tox", ".terraform"}
_SNIFFED = 8192
_CHUNK = 65536


@dataclass(slots=True)
class Reading:
    """The files below some paths, and what became of them."""

    needle: bytes
    """Only files that hold these bytes are decoded."""
    documents: bool = False
    counted: Counter[str] = field(default_factory=Counter)
    """`read`, and what was skipped: `binary`, `huge`, `generated`, `unreadable`, `link`."""

    def texts(self, paths: Iterable[Path]) -> Iterator[tuple[str, str]]:
        """Path as it is shown, and text, of each file that holds the needle, each file once."""
        roots, seen = list(paths), set[str]()
        for root in roots:
            for file in files_below(root):
                if not self.documents and _is_document(PurePosixPath(file)):
                    continue
                if file.endswith(".map"):  # of a packed program: its sources once more
                    self.counted["generated"] += 1
                    continue
                if len(roots) > 1:  # of one root no file comes twice, and nothing is kept of it
                    if file in seen:
                        continue
                    seen.add(file)
                data = self._read(file, os.path.realpath(root))
                if data is not None and self.needle in data:
                    yield PurePosixPath(file).as_posix(), data.decode("utf-8", "replace").removeprefix("\ufeff")

    def _read(self, file: str, root: str) -> bytes | None:
        """The bytes of a regular file of the tree; None, counted, for all else."""
        try:
            found = os.lstat(file)
            if not stat.S_ISREG(found.st_mode) or not _inside(os.path.dirname(file), root):
                self.counted["link"] += stat.S_ISLNK(found.st_mode) or stat.S_ISREG(found.st_mode)
                return None
            if found.st_size > LARGEST:
                self.counted["huge"] += 1
                return None
            descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
            try:
                data = os.read(descriptor, LARGEST)
            finally:
                os.close(descriptor)
        except OSError:
            self.counted["unreadable"] += 1
            return None
        binary = b"\0" in data[:_SNIFFED]
        self.counted["binary" if binary else "read"] += 1
        return None if binary else data


def need_there(paths: Iterable[Path]) -> None:
    """Raises UsageError for a path that is not there: a slip in a job must not be a pass."""
    for path in paths:
        if not os.path.lexists(path):
            raise UsageError(f"no such file or folder: {path}", hint="is it spelled right, from the folder you are in?")


def files_below(root: Path) -> Iterator[str]:
    """The files that git tracks below `root`; where it tracks none, all that `.gitignore` files do not leave out."""
    if not os.path.isdir(root):
        yield str(root)
        return
    tracked = _tracked(root)
    first = next(tracked, None)
    if first is None:
        yield from _walk(root)
    else:
        yield first
        yield from tracked


def _is_document(path: PurePosixPath) -> bool:
    return path.suffix.lower() in DOCUMENTS or path.name in _DOCUMENT_NAMES


@lru_cache(maxsize=4096)
def _inside(folder: str, root: str) -> bool:
    real = os.path.realpath(folder)
    top = root if os.path.isdir(root) else os.path.dirname(root)
    return real == top or real.startswith(top.rstrip(os.sep) + os.sep)


def _tracked(root: Path) -> Iterator[str]:
    """In git's order, as git tells them; none where this is no checkout, or git is not here.

    Nothing that the checkout configures is run.
    """
    asked = ["git", "-c", "core.fsmonitor=false", "-C", str(root), "ls-files", "-z", "--cached"]
    try:
        process = subprocess.Popen(asked, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)  # noqa: S603 # a fixed command
    except OSError:
        return
    with process:
        assert process.stdout  # noqa: S101 # it is a pipe
        rest, last = b"", None
        while chunk := process.stdout.read(_CHUNK):
            *names, rest = (rest + chunk).split(b"\0")
            for name in names:
                if name != last:  # in a merge a name comes once for each side
                    yield os.path.join(root, os.fsdecode(name))
                last = name


def _walk(root: Path) -> Iterator[str]:
    import pathspec

    rules: dict[str, list[tuple[str, pathspec.GitIgnoreSpec]]] = {}
    for folder, folders, names in os.walk(root):
        here = rules.get(os.path.dirname(folder), []) if folder != str(root) else []
        if ".gitignore" in names and not os.path.islink(os.path.join(folder, ".gitignore")):  # as git has it
            try:
                lines = read_small(Path(folder, ".gitignore"), LARGEST).decode("utf-8", "replace").splitlines()
                here = [*here, (folder, pathspec.GitIgnoreSpec.from_lines(lines))]
            except (OSError, ValueError):  # one that cannot be read leaves nothing out
                pass
        if here:
            rules[folder] = here
        folders[:] = sorted(n for n in folders if n not in _NEVER and not _ignored(os.path.join(folder, n) + "/", here))
        yield from (path for n in sorted(names) if not _ignored(path := os.path.join(folder, n), here))


def _ignored(path: str, rules: list[tuple[str, pathspec.GitIgnoreSpec]]) -> bool:
    """As git decides: the deepest file of rules that has a word on it."""
    for folder, spec in reversed(rules):
        said = spec.check_file(path[len(folder) :].lstrip("/")).include
        if said is not None:
            return said
    return False

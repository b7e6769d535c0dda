"""Files that others name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from modelgate.small_file import read_small


def test_a_small_file_is_read_whole(tmp_path: Path) -> None:
    """A regular file up to the bound, also through a link, as Kubernetes mounts its secrets."""
    (tmp_path / "file").write_bytes(b"12345")
    (tmp_path / "link").symlink_to("file")
    assert read_small(tmp_path / "link", 5) == b"12345"


@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "large", "missing"])
def test_nothing_else_is_waited_for(tmp_path: Path, kind: str) -> None:
    """A pipe without a writer, a device without an end, a folder, a file above the bound: an error at once."""
    paths = {"device": Path("/dev/zero"), "folder": tmp_path, "missing": tmp_path / "none"}
    path = paths.get(kind, tmp_path / kind)
    if kind == "pipe":
        os.mkfifo(path)
    if kind == "large":
        path.write_bytes(b"123456")
    with pytest.raises(OSError, match=r"regular|larger|director|No such"):
        read_small(path, 5)

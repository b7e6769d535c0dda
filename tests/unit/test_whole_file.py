"""Files that appear whole: whose they are, who may read them, and what is not followed."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from modelgate.whole_file import write_whole


@pytest.mark.parametrize(("before", "after"), [(None, 0o644), (0o600, 0o600), (0o640, 0o640)])
def test_rights_are_not_widened(tmp_path: Path, before: int | None, after: int) -> None:
    """A new file is readable by other users; one that was not stays so."""
    file = tmp_path / "pins.json"
    if before:
        file.write_text("old")
        file.chmod(before)
    write_whole(file, "new")
    assert (file.read_text(), stat.S_IMODE(file.stat().st_mode)) == ("new", after)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="another user is needed")
def test_a_planted_link_is_not_followed(tmp_path: Path) -> None:
    """In a folder that others may write to, a link of another user's would have us write where he may not."""
    shared, mine = tmp_path / "shared", tmp_path / "mine"
    shared.mkdir()
    shared.chmod(0o1777)
    mine.write_text("precious")
    link = shared / "pins.json"
    link.symlink_to(mine)
    os.lchown(link, 65534, 65534)
    with pytest.raises(OSError, match="a link that another user made"):
        write_whole(link, "new")
    assert mine.read_text() == "precious"
    os.lchown(link, 0, 0)
    write_whole(link, "of our own making")
    assert (mine.read_text(), link.is_symlink()) == ("of our own making", True)


def test_a_pipe_that_nobody_reads_keeps_nobody_waiting(tmp_path: Path) -> None:
    """It is an error at once, and stays a pipe."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="No such device"):
        write_whole(tmp_path / "pipe", "new")
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)

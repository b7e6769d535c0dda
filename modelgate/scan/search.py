"""Names in files, one after the other: what is in memory is one file and what was found."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from modelgate.scan.files import Reading
from modelgate.scan.judge import Listed, Place
from modelgate.scan.lines import ignores, is_comment, variable_of
from modelgate.scan.names import names_in

_NEEDLE = "claude-"
_OURS = re.compile(r"^\s*\[(slots|policy)\b|^schema = \"modelgate\.|^#:schema .*modelgate", re.MULTILINE)
_OUR_JSON = re.compile(r"\s*\{\s*\"schema\":\s*\"modelgate\.")
_ENV_FILES = re.compile(
    r"(^|[./])(\.?env|envrc|Dockerfile|Containerfile|compose|docker-compose)\b|\.env$", re.IGNORECASE
)
_ENV_SUFFIXES = {".yaml", ".yml", ".toml", ".json", ".sh", ".bash", ".tf", ".tfvars", ".env", ".service", ".properties"}


def reading(*, documents: bool) -> Reading:
    """What reads the files that may hold a name."""
    return Reading(_NEEDLE.encode(), documents)


def places(files: Reading, paths: Iterable[Path], listed: Listed, own_folder: Path) -> Iterator[Place]:
    """Every name of a model in the files; modelgate's own settings, locks, reports and baselines are left out."""
    own = own_folder.as_posix().removeprefix("./")
    for file, text in files.texts(paths):
        path = PurePosixPath(file)
        if path.suffix == ".json" and _OUR_JSON.match(text):
            continue
        if path.suffix == ".toml" and str(path.parent).endswith(own) and _OURS.search(text):
            continue
        yield from _places(file, text, listed)


def _places(file: str, text: str, listed: Listed) -> Iterator[Place]:
    path = PurePosixPath(file)
    env_file = path.suffix.lower() in _ENV_SUFFIXES or bool(_ENV_FILES.search(path.name))
    lines = [line.rstrip("\r") for line in text.split("\n")]  # as editors count them: splitlines counts form feeds, too
    for number, line in enumerate(lines, 1):
        if _NEEDLE not in line:
            continue
        for name in names_in(line):
            if listed.is_name(name):
                above = lines[number - 2] if number > 1 else ""
                yield Place(
                    file,
                    number,
                    name,
                    is_comment(line, name.column),
                    ignores(line, above),
                    variable_of(line, name.column, text, env_file, above),
                )

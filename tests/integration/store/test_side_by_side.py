"""Gates of different versions on one store: this one, and the store as a later version leaves it."""

from __future__ import annotations

import hashlib
import json

import pytest
from sqlalchemy import Connection, text
from support.databases import opened
from support.ledger import AUTHOR, NOW, PROD, handed, run_row
from support.schemas import database

from modelgate.domain.chain import FORM
from modelgate.domain.errors import StoreProblem
from modelgate.store import migrate
from modelgate.store.schema import HEAD

LATER = "9999"


def upgraded_by_a_later_version(url: str, usable_from: str) -> None:
    """Does what a later migration might: a new column, a new table of the chain, and rows in both."""
    opened(url).append(PROD, AUTHOR, [run_row("old")], now=NOW)

    def work(connection: Connection) -> None:
        copy = "CREATE TABLE outlooks AS SELECT * FROM findings WHERE 1 = 0"
        for statement in (copy, "ALTER TABLE runs ADD COLUMN mood TEXT"):
            connection.execute(text(statement))
        listed = str(connection.execute(text("SELECT chained FROM store_info")).scalar())
        place = "service, environment, sequence, previous, hash, recorded_at"
        union = " UNION ALL ".join(f"SELECT {place} FROM {table}" for table in [*listed.split(","), "outlooks"])
        connection.execute(text("DROP VIEW modelgate_chain"))
        connection.execute(text(f"CREATE VIEW modelgate_chain AS {union}"))
        if connection.dialect.name == "postgresql":  # as `migrations/env.py` does it
            connection.execute(
                text(
                    "CREATE CONSTRAINT TRIGGER outlooks_check_place AFTER INSERT ON outlooks DEFERRABLE INITIALLY "
                    "DEFERRED FOR EACH ROW EXECUTE FUNCTION modelgate_check_place()"
                )
            )
        connection.execute(
            text("UPDATE store_info SET chained = chained || ',outlooks', usable_from = :v"), {"v": usable_from}
        )
        connection.execute(text(f"UPDATE modelgate_version SET version_num = '{LATER}'"))

    database(url).run(work, write=True)
    add(url, "runs", run_id="new", mood="fine")
    add(url, "outlooks", run_id="new", finding="f", level="note", message="m", hint="h", waived=False)


def add(url: str, table: str, **columns: object) -> None:
    """Adds a row as a later version would: with a form that is not known here."""

    def work(connection: Connection) -> None:
        known = connection.execute(text("SELECT * FROM runs WHERE sequence = 1")).one()._mapping
        present = list(connection.execute(text(f"SELECT * FROM {table} WHERE 1 = 0")).keys())
        last = {1: known["hash"]} | {
            row.sequence: row.hash for row in connection.execute(text("SELECT sequence, hash FROM runs"))
        }
        row = {**{name: known[name] for name in present if name in known}, **columns, "form": FORM + 1}
        row |= {"sequence": max(last) + 1, "previous": last[max(last)]}
        plain = {name: str(value) for name, value in row.items() if name != "hash"}
        row["hash"] = hashlib.sha256(json.dumps({"table": table, **plain}, sort_keys=True).encode()).hexdigest()
        names = ", ".join(row)
        connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({', '.join(':' + n for n in row)})"), row)

    database(url).run(work, write=True)


def test_a_compatible_store_is_used_with_a_note(database_url: str) -> None:
    """An older gate notes it, finds the chain's end in a table that it does not know, and goes on there."""
    upgraded_by_a_later_version(database_url, "0.1.0")
    store = opened(database_url)
    assert [notice.check for notice in store.notices] == ["store.schema-ahead"]
    head = store.append(PROD, AUTHOR, [run_row("r"), handed("r", "summarizer", "x")], now=NOW)
    assert head.sequence == 5
    assert store.previous_hand_over(PROD, "summarizer", None) is not None


def test_rows_of_a_newer_form_are_told_and_not_guessed(database_url: str) -> None:
    """Their place in the chain is checked, what they hold is not; the export has them without their columns."""
    upgraded_by_a_later_version(database_url, "0.1.0")
    store = opened(database_url)
    store.append(PROD, AUTHOR, [run_row("r")], now=NOW)
    verification = store.verify(PROD)
    assert (verification.misfit, verification.intact) == (None, False)
    assert (verification.rows, verification.unread) == (4, 2)
    lines = [json.loads(line) for line in store.export(PROD)]
    assert [("row" in line, line["hash"] == head_of(line)) for line in lines] == [
        (True, True),
        (False, False),
        (False, False),
        (True, True),
    ]
    assert (lines[2]["table"], lines[2]["sequence"], lines[2]["previous"]) == ("outlooks", 3, lines[1]["hash"])


def head_of(line: dict[str, object]) -> str:
    """The hash of what a line of the export holds."""
    text = json.dumps(line.get("row"), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def test_an_incompatible_store_is_refused(database_url: str) -> None:
    """A gate that is too old for the store says which version to install, and touches nothing."""
    upgraded_by_a_later_version(database_url, "99.0.0")
    with pytest.raises(StoreProblem) as raised:
        opened(database_url)
    problem = raised.value.problem
    assert (problem.check, problem.hint, problem.graceable) == (
        "store.schema-incompatible",
        "install modelgate 99.0.0",
        False,
    )


def test_an_incompatible_store_is_not_up_to_date(database_url: str) -> None:
    """`db upgrade` and `db check` say what the gate will say; `db current` says which schema it is."""
    upgraded_by_a_later_version(database_url, "99.0.0")
    for look in (migrate.plan, migrate.upgrade):
        with pytest.raises(StoreProblem, match=r"for modelgate 99\.0\.0 or later"):
            look(database(database_url))
    schema = migrate.current(database(database_url))
    assert schema is not None
    assert schema.revision == LATER


def test_a_store_that_is_not_ahead_has_no_newer_forms(database_url: str) -> None:
    """A row cannot hide behind a form that no version has written: that is a change."""
    store = opened(database_url)
    store.append(PROD, AUTHOR, [run_row("r")], now=NOW)
    add(database_url, "runs", run_id="forged")
    assert HEAD < LATER
    misfit = store.verify(PROD).misfit
    assert misfit is not None
    assert (misfit.kind, misfit.sequence) == ("changed", 2)

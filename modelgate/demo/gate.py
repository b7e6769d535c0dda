"""The gate's story: first use, a pass, an alias that moves, an incident, and approvals in git."""

from __future__ import annotations

import tempfile
from pathlib import Path

from modelgate.demo.stage import Stage, environment_for
from modelgate.render.style import Style
from modelgate.sandbox.server import API_KEY, Sandbox

ALIAS = "claude-sonnet-4-5"
MOVED_TO = "claude-sonnet-4-5-20261101"
_SETTINGS = f"""\
service = "checkout"

[slots.summarizer]
model = "claude-sonnet-4-6"
requires = ["batch", "structured_outputs"]

[slots.grader]
model = "{ALIAS}"
"""
_APPLICATION = "sh -c 'echo the application runs $MODELGATE_MODEL_GRADER'"


def play(style: Style) -> None:
    """Plays the whole story. Raises DemoFailed if a step does not end as it should."""
    with Sandbox() as sandbox, tempfile.TemporaryDirectory(prefix="modelgate-demo-") as name:
        folder = Path(name)
        (folder / "config").mkdir()
        (folder / "config" / "prod.toml").write_text(_SETTINGS)
        stage = Stage(folder, environment_for(sandbox.url, API_KEY), style)
        _first_use(stage)
        _alias_moves(stage, sandbox)
        _incident(stage)
        _lock(stage)
        stage.tell("That was the demonstration: real commands, a real audit store, and a stand-in of the API.")


def _first_use(stage: Stage) -> None:
    stage.tell("Nobody has approved anything yet. The check refuses, and says what to type.")
    stage.type("modelgate check -e prod", expect=1)
    stage.tell("Somebody looks at it and approves.")
    stage.type('modelgate accept --all -e prod --reason "first deployment, ABC-1"')
    stage.tell("Now CI is green, and the deployment starts on what was approved.")
    stage.type("modelgate check -e prod")
    stage.type(f"modelgate preflight -e prod -- {_APPLICATION}")


def _alias_moves(stage: Stage, sandbox: Sandbox) -> None:
    stage.tell(f"Overnight the alias {ALIAS} moves to a new model. CI refuses, before production finds out.")
    sandbox.add_model(MOVED_TO, like="claude-sonnet-4-5-20250929")
    sandbox.move_alias(ALIAS, MOVED_TO)
    stage.type("modelgate check -e prod", expect=1)
    stage.tell("The new model passes the team's evals. The hint's own command approves exactly what that run saw.")
    stage.type(stage.hint("modelgate check -e prod", "drift.alias-moved"))
    stage.type("modelgate check -e prod")
    stage.type(f"modelgate preflight -e prod -- {_APPLICATION}")


def _incident(stage: Stage) -> None:
    stage.tell("Three in the morning: the new model loops. One command puts the slot back.")
    stage.type('modelgate rollback grader -e prod --reason "INC-42: loops" --yes')
    stage.tell("The pods restart. The rollback stands, and it does not refuse the start.")
    stage.type(f"modelgate preflight -e prod -- {_APPLICATION}")
    stage.type("modelgate status -e prod")
    stage.tell("In the morning the cause is found, and the hold is released.")
    stage.type('modelgate release grader -e prod --accept --yes --reason "INC-42 fixed in our prompt"')
    stage.type(f"modelgate preflight -e prod -- {_APPLICATION}")
    stage.type("modelgate history grader -e prod")


def _lock(stage: Stage) -> None:
    stage.tell("Teams that review in git keep approvals in a lock file: the pull request is the approval.")
    settings = stage.folder / "config" / "prod.toml"
    settings.write_text(_SETTINGS.replace("[slots.sum", '[policy]\npins_from = "lock"\n\n[slots.sum', 1))
    stage.type("modelgate lock -e prod")
    stage.type("modelgate lock --check -e prod")
    stage.type("modelgate check -e prod --no-store")
    stage.type(f"modelgate preflight -e prod -- {_APPLICATION}")
    stage.tell("Nobody can have changed what was recorded.")
    stage.type("modelgate audit verify -e prod")

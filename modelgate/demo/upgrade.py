"""The story of a move: a model retires in 14 days, and prod runs its successor, with evidence."""

from __future__ import annotations

import tempfile
from pathlib import Path

from modelgate.demo.stage import Stage, environment_for
from modelgate.render.style import Style
from modelgate.sandbox.server import API_KEY, Sandbox

OLD = "claude-sonnet-4-5-20250929"
NEW = "claude-sonnet-5"
"""What the sandbox lists as the next model of its line."""
_SETTINGS = f"""\
service = "checkout"

[slots.summarizer]
model = "{OLD}"
requires = ["structured_outputs"]
sample = "samples/summarizer.json"

[prices."{NEW}"]
input = 2
output = 10
"""
_RULE = """\
[policy]
accept_needs = ["probe-live", "quality"]   # nothing is approved before this was shown

"""
_SAMPLE = '{"max_tokens": 2000, "messages": [{"role": "user", "content": "Summarize: the quick brown fox …"}]}\n'
_EVALS = """\
import json, os, sys, urllib.request

def ask(model, text):
    body = {"model": model, "max_tokens": 200, "messages": [{"role": "user", "content": text}]}
    headers = {"x-api-key": os.environ["ANTHROPIC_API_KEY"], "anthropic-version": "2026-10-21"}
    url = os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages"
    request = urllib.request.Request(url, json.dumps(body).encode(), headers | {"content-type": "application/json"})
    return json.load(urllib.request.urlopen(request))["content"][0]["text"]

model, file = sys.argv[1:]
answers = {name: ask(model, name) for name in ("short text", "long text", "no text at all")}
cases = [f'<testcase name="{n}"/>' if a else f'<testcase name="{n}"><failure/></testcase>' for n, a in answers.items()]
open(file, "w").write(f"<testsuite>{''.join(cases)}</testsuite>")
print(len(cases), "answers of", model, "were looked at")
"""
_APPLICATION = "sh -c 'echo the application runs $MODELGATE_MODEL_SUMMARIZER'"


def play(style: Style) -> None:
    """Plays the whole story. Raises DemoFailed if a step does not end as it should."""
    with Sandbox() as sandbox, tempfile.TemporaryDirectory(prefix="modelgate-demo-") as name:
        folder = Path(name)
        (folder / "config" / "samples").mkdir(parents=True)
        (folder / "config" / "prod.toml").write_text(_SETTINGS)
        (folder / "config" / "samples" / "summarizer.json").write_text(_SAMPLE)
        (folder / "evals.py").write_text(_EVALS)
        stage = Stage(folder, environment_for(sandbox.url, API_KEY), style)
        _before(stage, sandbox)
        _move(stage)
        _prove(stage)
        _approve(stage)
        stage.tell("From 'retires in 14 days' to 'prod runs the successor', and everybody can read why.")


def _before(stage: Stage, sandbox: Sandbox) -> None:
    stage.tell("Prod runs a model that somebody approved long ago.")
    stage.type('modelgate accept --all -e prod --reason "first deployment, ABC-1"')
    stage.type(f"modelgate preflight -e prod -- {_APPLICATION}")
    stage.tell("Since then the team has made a rule, and the model has got a date.")
    settings = stage.folder / "config" / "prod.toml"
    settings.write_text(settings.read_text().replace("[slots.", f"{_RULE}[slots.", 1))
    sandbox.deprecate(OLD, retires_in_days=15)  # a minute into the first of them: 14 whole days are left
    stage.type("modelgate check -e prod", expect=1)


def _move(stage: Stage) -> None:
    stage.tell("upgrade finds the successor and writes the one line. That is the pull request.")
    stage.type("modelgate upgrade summarizer -e prod --write", expect=1)
    stage.type("modelgate check -e prod", expect=1)
    stage.tell("Nobody approves it unseen, not even in a hurry.")
    stage.type('modelgate accept summarizer -e prod --reason "it will be fine"', expect=1)


def _prove(stage: Stage) -> None:
    stage.tell(
        "So the job of the pull request proves it. The API counts the application's own request, free of charge."
    )
    stage.type(f"modelgate probe summarizer -e prod --to {NEW}")
    stage.tell("One message, left at its first content, shows that this key may use the model.")
    stage.type(f"modelgate probe summarizer -e prod --to {NEW} --live --yes")
    stage.tell("The team's own evaluation runs on the new model, and its result file is recorded.")
    stage.type(f"python evals.py {NEW} results.xml")
    stage.type(f"modelgate evidence add summarizer -e prod --suite quality --id {NEW} results.xml")
    stage.type("modelgate evidence list -e prod")


def _approve(stage: Stage) -> None:
    stage.tell("Now a person approves, and the deployment starts on the successor.")
    stage.type('modelgate accept summarizer -e prod --reason "evals passed, ABC-123"')
    stage.type("modelgate check -e prod")
    stage.type(f"modelgate preflight -e prod -- {_APPLICATION}")
    stage.type("modelgate status -e prod")
    stage.type("modelgate history summarizer -e prod")

"""What people call claude-something and is no model gives no finding: precision is what a scanner is judged by."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from support.commands import in_process

from modelgate.sandbox import Sandbox

NO_MODELS = {
    "package.json": """{
  "dependencies": {"@anthropic-ai/claude-agent-sdk": "^1.2.0", "@anthropic-ai/claude-code": "2.1.0"},
  "devDependencies": {"claude-code-router": "1.0.4", "claude-flow": "2", "ccusage": "1", "claude-squad": "0.1.4"},
  "scripts": {"review": "npx claude-code-action --max-turns 3", "task": "claude-task-master next"}
}
""",
    ".github/workflows/claude.yml": """
jobs:
  claude-review:
    steps:
      - uses: anthropics/claude-code-action@v1
      - uses: anthropics/claude-code-base-action@beta
      - run: claude mcp add claude-in-chrome
        env: {CLAUDE_CODE_VERSION: 2.1.0, CACHE: claude-cache-v2}
""",
    ".claude/settings.json": '{"plugins": ["claude-plugins-official", "claude-md-management", "claude-hooks-1"]}\n',
    "app/paths.py": """
GUIDE = "docs/claude-sonnet-4-6.md"
LOGO = "static/claude-opus-5.svg"
MEMORY = ("CLAUDE.md", "claude.md", ".claude/commands/claude-review.md")
TABLE = "claude-sessions-2026"
HOST = "claude-proxy-1.internal.example.com"
TOPIC = "claude-events-20260101"
BUCKET = "s3://claude-artifacts-3/claude-haiku-poems"
""",
    "app/ui.tsx": """
import { Badge } from "./claude-badge";
const css = "claude-badge-large claude-theme-dark-2 claude-spinner-3";
const id = `claude-message-${index}`;
const testid = "claude-panel-4-5";
""",
    "k8s/app.yaml": """
metadata: {name: claude-gateway-2, labels: {app: claude-worker-3}}
spec: {image: ghcr.io/acme/claude-relay:4.5, serviceAccountName: claude-sa-1}
""",
    "main.tf": 'resource "aws_sqs_queue" "claude-queue-1" { name = "claude-queue-1-prod" }\n',
    "Makefile": "install:\n\tbrew install claude-squad claude-desktop && pipx install claude-monitor==3.1.0\n",
    "go.mod": "require github.com/acme/claude-client-go/v2 v2.3.1\n",
    "Cargo.toml": '[dependencies]\nclaude-sdk-rs = "1.0"\nclaude-3 = { path = "../claude-3" }\n',
    "src/url.rb": 'URL = "https://www.anthropic.com/news/claude-opus-4-5"\nDOC = "https://x.example/claude-sonnet-4-5?ref=1"\n',
}


@pytest.mark.parametrize("offline", [False, True], ids=["asked", "offline"])
def test_what_is_no_model_gives_no_finding(tmp_path: Path, modelgate_sandbox: Sandbox, offline: bool) -> None:
    """Tools, packages, actions, files, hosts, tables, classes, images, paths and addresses of articles."""
    for name, text in NO_MODELS.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    environ = {"PATH": os.environ["PATH"], "ANTHROPIC_BASE_URL": modelgate_sandbox.url, "ANTHROPIC_API_KEY": "k"}
    words = ("--offline",) if offline else ()
    done = in_process("scan", "--format", "json", *words, folder=tmp_path, environ=environ)
    found = {(f["source"], f["message"]) for f in json.loads(done.stdout)["findings"]}
    assert (done.returncode, found) == (0, set())

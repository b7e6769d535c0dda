"""What counts as the name of a model in a line of a file, and what stands around it."""

from __future__ import annotations

import pytest

from modelgate.scan.lines import ignores, is_comment, variable_of
from modelgate.scan.names import LINES, is_shaped, names_in

NOT_MODELS = (
    '"@anthropic-ai/claude-agent-sdk": "^1.0.0", "claude-code-router": "1.2.3"',
    "uses: anthropics/claude-code-action@v1",
    "see claude.md, CLAUDE.md, .claude/settings.json and claude-plugins-official",
    "npm install -g @anthropic-ai/claude-code@2.1.0",
    'class="claude-badge-large" cache="claude-cache-v2" theme="claude-dark"',
    "![x](img/claude-sonnet-4-6.png) docs/claude-sonnet-4-6.md https://x.dev/claude-sonnet-4-6",
    "my-claude-sonnet-4-6 claude-sonnet-4-6-finetuned claude-sonnet-4-6_old claude-sonnet-4-6x",
    "branch: claude/fix-login-3, claude-1234, claude-2024-notes",
    "`claude-api`, `claude-3d-viewer`, `claude-instant-noodles`",
)


@pytest.mark.parametrize("line", NOT_MODELS)
def test_what_merely_begins_with_claude_is_no_model(line):
    """Packages, files, actions, branches and identifiers are no names of models."""
    assert [name.text for name in names_in(line) if is_shaped(name.model, LINES)] == []


@pytest.mark.parametrize(
    ("line", "text", "model", "platform"),
    [
        ('model="claude-sonnet-4-6"', "claude-sonnet-4-6", "claude-sonnet-4-6", ""),
        ("MODEL=${MODEL:-claude-haiku-4-5}", "claude-haiku-4-5", "claude-haiku-4-5", ""),
        ("init_chat_model('anthropic:claude-opus-5')", "claude-opus-5", "claude-opus-5", ""),
        ('"claude-3-5-sonnet-latest"', "claude-3-5-sonnet-latest", "claude-3-5-sonnet-latest", ""),
        ("model: claude-2.1", "claude-2.1", "claude-2-1", ""),
        (
            "id: us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "claude-sonnet-4-5-20250929",
            "Bedrock",
        ),
        (
            "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0",
            "anthropic.claude-3-haiku-20240307-v1:0",
            "claude-3-haiku-20240307",
            "Bedrock",
        ),
        ("v: claude-haiku-4-5@20251001", "claude-haiku-4-5@20251001", "claude-haiku-4-5-20251001", "Vertex"),
        ("v: claude-3-5-sonnet-v2@20241022", "claude-3-5-sonnet-v2@20241022", "claude-3-5-sonnet-20241022", "Vertex"),
        (
            '"anthropic/claude-sonnet-4.5:beta"',
            "anthropic/claude-sonnet-4.5:beta",
            "claude-sonnet-4-5",
            "OpenRouter",
        ),
        ('"vertex_ai/claude-opus-4-8"', "vertex_ai/claude-opus-4-8", "claude-opus-4-8", "Vertex"),
        ('"anthropic/claude-opus-4-8"', "anthropic/claude-opus-4-8", "claude-opus-4-8", "LiteLLM"),
        ('m = "claude-v1"', "claude-v1", "claude-v1", ""),
        ('"anthropic.claude-v2:1",', "anthropic.claude-v2:1", "claude-v2", "Bedrock"),
        (
            "- name: bedrock/us-gov-east-1/anthropic.claude-3-haiku-20240307-v1:0",
            "bedrock/us-gov-east-1/anthropic.claude-3-haiku-20240307-v1:0",
            "claude-3-haiku-20240307",
            "Bedrock",
        ),
        (
            '"bedrock/invoke/anthropic.claude-3-5-sonnet-20240620-v1:0": {',
            "bedrock/invoke/anthropic.claude-3-5-sonnet-20240620-v1:0",
            "claude-3-5-sonnet-20240620",
            "Bedrock",
        ),
    ],
)  # fmt: skip
def test_a_name_is_read_in_the_forms_of_all_platforms(line, text, model, platform):
    """The text is what stands there; the model is what the Models API would call it."""
    (name,) = names_in(line)
    assert (name.text, name.model, name.platform) == (text, model, platform)
    assert line[name.column - 1 : name.end - 1] == text


@pytest.mark.parametrize(
    ("model", "shaped"),
    [
        ("claude-sonnet-4-6", True),
        ("claude-sonet-4-6", True),  # a slip
        ("claude-3-opus-20240229", True),
        ("claude-badge-large", False),
        ("claude-cache-v2", False),
        ("claude-mythos-7", False),  # a line that nobody here knows
        ("claude-opus", False),
    ],
)
def test_the_pattern_of_a_line_makes_a_name(model, shaped):
    """A word that is no line of models, and no slip of one, makes no name."""
    assert is_shaped(model, LINES) is shaped


@pytest.mark.parametrize("model", ["claude-v1", "claude-v2", "claude-1", "claude-2"])
def test_the_first_names_were_shorter(model):
    """They are names of models too, also those that end like the version of a platform."""
    (name,) = names_in(f'"{model}"')
    assert (name.model, is_shaped(name.model, LINES)) == (model, True)


@pytest.mark.parametrize(
    ("line", "whole"),
    [
        ('x = "claude-2"', True),
        ('"we moved from claude-2 last year"', False),
        ("args: --model claude-opus-5 --verbose", True),
        ("  - claude-opus-5", True),
        ("model: claude-opus-5  # for now", True),
        (r'body := "{\"model\": \"claude-opus-5\"}"', True),
        ('return "claude-opus-5";', True),
        ("'model' => 'claude-opus-5',", True),
        ("const M = process.env.M?.trim() || `claude-opus-5`;", True),
        ('m = model if "claude" in model else "claude-opus-5"', True),
        ('if "claude-opus-5" in model or other:', False),
        ('if model.startswith("claude-opus-5"):', False),
        ("} else if (modelId.includes('claude-opus-5')) {", False),
        ('case strings.HasPrefix(model, "claude-opus-5"):', False),
        ('if resolved["llm_model"] != "claude-opus-5" {', False),
        ("if: ${{ vars.MODEL == 'claude-opus-5' }}", False),
        ("model: The identifier (e.g., 'claude-opus-5')", False),
        ('    """Names such as "claude-opus-5" are read as they are."""', False),
        ("        (e.g. ``claude-opus-5``, which thinks)", False),
        ("   it is slower with `claude-opus-5`: twice as slow", False),
    ],
)
def test_a_whole_value_is_told_from_a_word_in_a_sentence(line, whole):
    """Only a whole string or value is something that runs."""
    assert [name.whole for name in names_in(line)] == [whole]


@pytest.mark.parametrize(
    ("line", "comment"),
    [
        ("// claude-opus-4-5 was too slow", True),
        ("x = 1  # claude-opus-4-5", True),
        ('url = "http://x"; m = "claude-opus-4-5"', False),
        ("m = ['#', 'claude-opus-4-5']", False),
        ("MODEL=claude-opus-4-5", False),
    ],
)
def test_a_comment_is_told_from_code(line, comment):
    """Marks of comments inside of strings are none."""
    assert is_comment(line, line.index("claude") + 1) is comment


@pytest.mark.parametrize(
    ("line", "above", "checks"),
    [
        ("x  # modelgate: ignore[scan.retired] until 2027-01-31: ABC-1", "", ["scan.retired"]),
        ("x", "# modelgate: ignore[scan.unknown] until 2027-01-31: ours", ["scan.unknown"]),
        ("x", "y  # modelgate: ignore[scan.unknown] until 2027-01-31: about y", []),
        ("x  # modelgate: ignore[scan.retired] until 2027-01-31", "", []),  # no reason
        ("x  # modelgate: ignore[scan.retired]: for good", "", []),  # no end
        ("x  # modelgate: ignore[scan.retired] until 2027-02-31: no such day", "", []),
    ],
)
def test_a_comment_covers_with_an_end_and_a_reason(line, above, checks):
    """It covers its line, or the next one where it stands alone."""
    assert [ignore.check for ignore in ignores(line, above)] == checks


@pytest.mark.parametrize(
    ("line", "text", "env_file", "variable"),
    [
        ("  MODEL: ${ANTHROPIC_MODEL:-claude-opus-5}", "", True, "ANTHROPIC_MODEL"),
        ('M = os.environ.get("CLAUDE_MODEL", "claude-opus-5")', "", False, "CLAUDE_MODEL"),
        ('const MODEL = process.env.MODEL ?? "claude-opus-5"', "", False, "MODEL"),
        ("ANTHROPIC_MODEL=claude-opus-5", "", True, "ANTHROPIC_MODEL"),
        ('DEFAULT_MODEL = "claude-opus-5"', "", False, None),
        ('    judge_model: str = "claude-opus-5"', "class S(BaseSettings):", False, "JUDGE_MODEL"),
        (
            '    judge_model: str = "claude-opus-5"',
            'class S(BaseSettings): env_prefix="APP_"',
            False,
            "APP_JUDGE_MODEL",
        ),
        ('    judge_model: str = "claude-opus-5"', "class S(BaseModel):", False, None),
    ],
)
def test_the_variable_behind_which_a_name_stands(line, text, env_file, variable):
    """A constant of a program is none; a default behind a variable, or the value of one, is."""
    assert variable_of(line, line.index("claude") + 1, text, env_file) == variable

"""What a name of a Claude model looks like in a line of text, also in the forms of other platforms.

Precision comes first: `claude-code`, `claude-agent-sdk` and a file `claude-sonnet-4-6.md` are no names of models.
The forms of the platforms are those of their own documentation, as of 2026-11.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

LINES = frozenset({"opus", "sonnet", "haiku", "instant"})
"""Lines of models as of 2026-11, for where the Models API is not asked; its list adds its own."""

_NAME = re.compile(
    r"""(?: (?<![\w@#./\\-]) | (?<=:[-=]) | (?<=publishers/anthropic/models/) | (?<=foundation-model/)
          | (?<=inference-profile/) )
    (?P<prefix> (?:(?:openrouter|bedrock|bedrock_converse|vertex_ai|litellm_proxy)/)?
                (?:(?:converse|invoke|[a-z]{2}(?:-[a-z]+){1,3}-\d)/)?
                (?:anthropic/ | (?:(?:us|eu|apac|au|jp|ca|global|us-gov)\.)?anthropic\.)? )
    (?P<model> claude-[a-z0-9]++(?:-[a-z0-9]++|\.[0-9]++)*+ )
    (?P<suffix> @(?:[0-9]{8}|latest|default) | (?::[a-z0-9]++)++ )?+
    (?![\w/@-]|\.\w)""",
    re.VERBOSE,
)
_VERSION = re.compile(r"(?<!^claude)-v\d+$")
"""Of a platform; of `claude-v1` it is the name."""
_DATE = re.compile(r"\d{8}")
_NUMBER = re.compile(r"\d{1,2}")
_ANCIENT = re.compile(r"claude-v?[12](-\d)?")
_FLAG = re.compile(r"--?[\w-]*model[\w-]*[ =]$", re.IGNORECASE)
_OPENING = re.compile(r"""(["'`=([{,>]|(^|\s)-\s|:[-=]|[:=]\s+|^\s*)$""")
_OPENS = frozenset("\"'`=([{,>")
_BEFORE_A_VALUE = _OPENS | frozenset("?:|&")
_STATES: tuple[list[str], ...] = (["return"], ["case"], [])
_CLOSING = re.compile(r"""\s*(\\*["'`]|[,;)\]}<]|$|\s\#|//)""")
_TESTS = frozenset({
    "in", "is", "not", "include", "includes", "contains", "equals", "equalsignorecase", "equalfold", "has", "indexof",
    "startswith", "starts_with", "start_with", "endswith", "ends_with", "end_with", "hasprefix", "hassuffix",
    "str_contains", "str_starts_with", "str_ends_with", "strpos",
})  # fmt: skip
"""Words by which another name is compared with one, or looked for in it: operators and functions of many languages."""
_ASKED_AFTER = re.compile(r"""\\*["'`]\s*(?:(?:not\s+)?in\b|[!=]==?)""")
_CALLED = re.compile(r"(\w+)\??\([^()]*$")
_EXAMPLES = ("e.g", "i.e", "such as", "like", "for example", "for instance", "example")
_NEAR = 0.8
_NEAR_BY = 60
"""Characters to the left in which a test or an example is looked for."""


@dataclass(frozen=True, slots=True)
class Name:
    """One name as it stands in a line."""

    text: str
    """As it was written, with what other platforms put around it."""
    column: int
    """1-based, in characters."""
    model: str
    """The name that the Models API would know it by, as far as its form tells: dots and versions of platforms gone."""
    platform: str = ""
    """Empty: the Claude API's own form."""
    whole: bool = False
    """The name is a whole string or value by which something runs, not a word in a sentence or one side of a test."""

    @property
    def end(self) -> int:
        """The column behind it, 1-based."""
        return self.column + len(self.text)


def names_in(line: str) -> Iterator[Name]:
    """The names in a line, from left to right: whatever may be one by its form. `is_shaped` says how sure that is."""
    for match in _NAME.finditer(line):
        if match["prefix"] and line[match.start() :].startswith(("bedrock/claude", "vertex_ai/claude-code")):
            continue
        before, after = line[max(0, match.start() - 80) : match.start()], line[match.end() : match.end() + 40]
        flag = bool(_FLAG.search(before))
        whole = flag or _is_whole(before, after)
        model, platform = _normal(match["prefix"], match["model"], match["suffix"] or "")
        yield Name(match[0], match.start() + 1, model, platform, whole)


def _is_whole(before: str, after: str) -> bool:
    """Whether something runs by it: it is a whole string or value, and neither compared nor an example of one."""
    opens = before[-1:] in _OPENS or bool(_OPENING.search(before))
    if not opens or not _CLOSING.match(after) or _ASKED_AFTER.match(after):
        return False
    near = before[-_NEAR_BY:]
    head = near.rstrip(" \t\\\"'`")
    return not (_is_asked(head) or head.rstrip(".:, ").lower().endswith(_EXAMPLES) or _is_marked(near))


def _is_asked(head: str) -> bool:
    """Whether what stands before a string tests another name against it: no request is made with it."""
    last = head[-1:]
    if last in "=~":
        return head.endswith(("==", "!=", "=~"))
    if last in "(,":
        called = _CALLED.search(head) if "(" in head else None
        return called is not None and called[1].lower() in _TESTS
    return last.isalpha() and head.rsplit(maxsplit=1)[-1].lower() in _TESTS


def _is_marked(near: str) -> bool:
    """Whether it is marked as code in a sentence, as in a docstring; in some languages the same marks a string."""
    if near[-1:] != "`":
        return False
    said = near[:-1]
    words = said.split()
    return said[-1:] == "`" or (
        said[-1:].isspace() and said.rstrip()[-1:] not in _BEFORE_A_VALUE and words[-1:] not in _STATES
    )


def is_shaped(model: str, lines: Collection[str]) -> bool:
    """Whether the name follows the pattern of a line of models, such as `claude-sonnet-4-6`; a slip counts as one."""
    if _ANCIENT.fullmatch(model):
        return True
    words = model.split("-")[1:]
    if _DATE.fullmatch(words[-1]) or words[-1] == "latest":
        words.pop()
    families = [word for word in words if not _NUMBER.fullmatch(word)]
    if len(families) != 1 or not 2 <= len(words) <= 3 or words.index(families[0]) not in (0, len(words) - 1):
        return False
    return families[0] in lines or bool(difflib.get_close_matches(families[0], list(lines), n=1, cutoff=_NEAR))


def _normal(prefix: str, model: str, suffix: str) -> tuple[str, str]:
    """The name without what its platform adds, and the platform."""
    plain = _VERSION.sub("", model).replace(".", "-")
    if suffix.startswith("@") and _DATE.fullmatch(suffix[1:]):
        plain += f"-{suffix[1:]}"
    return plain, _platform(prefix, model, suffix)


def _platform(prefix: str, model: str, suffix: str) -> str:
    if prefix.endswith("anthropic.") or prefix.startswith("bedrock") or (_VERSION.search(model) and suffix[:1] == ":"):
        return "Bedrock"
    if prefix.startswith("vertex_ai/") or suffix.startswith("@"):
        return "Vertex"
    if prefix.startswith("openrouter/") or (prefix and ("." in model or suffix)):
        return "OpenRouter"
    if prefix:
        return "LiteLLM"
    return "another platform" if "." in model and not _ANCIENT.fullmatch(model.replace(".", "-")) else ""

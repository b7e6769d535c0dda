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
_CLOSING = re.compile(r"""\s*(\\*["'`]|[,;)\]}<]|$|\s\#|//)""")
_ASKED = re.compile(
    r"""(?: [!=]==? | =~ | \b(?:in|is|is\ not)\s
          | \b(?:includes?\??|contains|equals(?:ignorecase)?|equalfold|(?:starts?|ends?)_?with\??|has(?:prefix|suffix)?
                |indexof|str_contains|str_(?:starts|ends)_with|strpos)\((?:[^()]*,)?
        )\s*\\*["'`]$""",
    re.VERBOSE | re.IGNORECASE,
)
_ASKED_AFTER = re.compile(r"""\\*["'`]\s*(?:(?:not\s+)?in\b|[!=]==?)""")
"""Another name is compared with this one, or looked for in it."""
_SAID = re.compile(
    r"""(?: \b(?:e\.g|i\.e)\.?[,:]?\s* | \b(?:such\ as|like|for\ example|for\ instance|example)[,:]?\s+ )["'`]*$
      | ``$ | [\w.,;-]\s+(?<!return\s)(?<!case\s)`$""",
    re.VERBOSE | re.IGNORECASE,
)
"""An example in a sentence, or what is marked as code in one."""
_NEAR = 0.8


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
    if not (_OPENING.search(before) and _CLOSING.match(after)):
        return False
    return not (_ASKED.search(before) or _ASKED_AFTER.match(after) or _SAID.search(before))


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

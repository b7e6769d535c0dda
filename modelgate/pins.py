"""The application's end of the hand-off: which IDs it may run. Imports next to nothing, as applications import it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

SCHEMA = "modelgate.pins/1"
VARIABLE = "MODELGATE_MODEL_"
FILE_VARIABLE = "MODELGATE_PINS_FILE"


def pinned(environ: Mapping[str, str] | None = None, *, default: Mapping[str, str] | None = None) -> dict[str, str]:
    """Slot to model ID, as the last passing preflight handed them over.

    Read from the JSON file that `$MODELGATE_PINS_FILE` names, else from the variables `MODELGATE_MODEL_<SLOT>`.
    `default`, slot to model, is for where no gate runs, such as a developer's machine, and for slots that were not
    handed over. Raises LookupError if nothing is there and no default, or if the file that is named is not; ValueError
    if it is not one that preflight wrote.
    """
    return {**(default or {}), **_handed_over(os.environ if environ is None else environ, needed=default is None)}


def _handed_over(environ: Mapping[str, str], *, needed: bool) -> dict[str, str]:
    if path := environ.get(FILE_VARIABLE):
        return _from_file(Path(path))
    models = {
        key.removeprefix(VARIABLE).lower(): value
        for key, value in environ.items()
        if key.startswith(VARIABLE) and not _is_service_link(key, environ)
    }
    if not models and needed:
        raise LookupError(
            f"no model was handed over: neither ${FILE_VARIABLE} nor {VARIABLE}… is set; "
            "start the application with `modelgate preflight … -- CMD`, or point the variable at its --emit-json file"
        )
    return models


def _is_service_link(key: str, environ: Mapping[str, str]) -> bool:
    """Whether Kubernetes set the variable because a service is called `modelgate-model-…`."""
    return (
        any(
            key.startswith(f"{service}_SERVICE_") or re.match(rf"{service}_PORT(_\d+_\w+)?$", key)
            for service in (name.removesuffix("_SERVICE_HOST") for name in environ if name.endswith("_SERVICE_HOST"))
        )
        or "://" in environ[key]
    )


def _from_file(path: Path) -> dict[str, str]:
    try:
        content = json.loads(path.read_bytes())
        models = {slot: model["id"] for slot, model in content["models"].items()}
        ours = content["schema"] == SCHEMA and all(isinstance(model, str) for model in models.values())
    except FileNotFoundError:
        raise LookupError(f"{path} is not there: preflight writes it only when it passes") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):  # no JSON, or of another shape
        ours = False
    if not ours:
        raise ValueError(f"{path} is not a file that `modelgate preflight --emit-json` wrote")
    return models

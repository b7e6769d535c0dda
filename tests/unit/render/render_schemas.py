"""The schemas that the formats are held to."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import xmlschema
from jsonschema import Draft4Validator, Draft202012Validator

JSON_TEXT = files("modelgate.render").joinpath("report.schema.json").read_text(encoding="utf-8")
JSON = Draft202012Validator(json.loads(JSON_TEXT), format_checker=Draft202012Validator.FORMAT_CHECKER)

# The package `linceo` carries OASIS' file (SARIF 2.1.0, errata 01) byte for byte; a test holds it to the digest.
SARIF_BYTES = files("linceo.data").joinpath("sarif-schema-2.1.0.json").read_bytes()
SARIF = Draft4Validator(json.loads(SARIF_BYTES), format_checker=Draft4Validator.FORMAT_CHECKER)

JUNIT = xmlschema.XMLSchema(Path(__file__).with_name("junit.xsd"))

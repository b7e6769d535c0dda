"""The baseline, without modelgate: ask for each model of the settings, one after the other."""

from __future__ import annotations

import sys
import tomllib

import anthropic

client = anthropic.Anthropic()
with open(sys.argv[1], "rb") as file:
    slots = tomllib.load(file)["slots"]
for name, slot in slots.items():
    print(name, slot["model"], client.models.retrieve(slot["model"]).id)

"""What the sandbox's tests ask with: headers, valid requests, batches of them."""

from __future__ import annotations

from typing import Any

from anthropic import Anthropic
from anthropic.types.messages import MessageBatch

VERSION = {"anthropic-version": "2026-10-21", "x-api-key": "any"}


def request_of(custom_id: str, model: str = "claude-sonnet-4-6", **params: Any) -> Any:
    """One request of a batch, valid unless `params` make it otherwise."""
    usual = {"model": model, "max_tokens": 64, "messages": [{"role": "user", "content": "Hello"}]}
    return {"custom_id": custom_id, "params": usual | params}


def create(client: Anthropic, *custom_ids: str) -> MessageBatch:
    """A batch of valid requests."""
    return client.messages.batches.create(requests=[request_of(custom_id) for custom_id in custom_ids])


def counts(batch: MessageBatch) -> dict[str, int]:
    """The request counts that are not 0."""
    return {name: number for name, number in batch.request_counts.model_dump().items() if number}

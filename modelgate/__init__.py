"""modelgate: a gate in front of every deployment that uses the Claude API."""

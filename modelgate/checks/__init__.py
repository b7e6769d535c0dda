"""The checks: pure policy, a file an area. `modelgate.judgement` runs them."""

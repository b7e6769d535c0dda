"""The checks: pure policy, a file an area. `judgement` runs them."""

"""Bulk work through the Message Batches API, on approved IDs: never sent twice, never lost.

`operations` is what the commands do, `runner` the way of one job, `ledger` what is written down, `client` the edge to
the API. Pure are `requests`, `split`, `positions`, `answers`, `results`, `tally`, `job`, `adoption`, `waiting`,
`statistics` and `render`.
"""

"""Bulk work through the Message Batches API, on approved IDs: never sent twice, never lost.

`operations` is what the commands do, `runner` the way of a job, `ledger` what is written down. The pure parts: `requests`,
`split`, `positions`, `results`, `tally`, `job`, `adoption`, `waiting`, `answers`, `statistics`, `render`. The edge: `client`.
"""

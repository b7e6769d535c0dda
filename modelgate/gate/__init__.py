"""One run of `check` or `preflight`: gather, judge, record, report."""

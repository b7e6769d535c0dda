"""What looks at every service and environment of a store at once."""

"""What people do to pins and ask of the store: one module an operation, each returning a value to print."""

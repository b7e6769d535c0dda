"""The demonstration: the real gate, as real processes, against the sandbox, in a folder that is thrown away."""

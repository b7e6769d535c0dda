"""Pure values and decisions: nothing here reads a clock, an environment, a file or a socket."""

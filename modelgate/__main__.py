"""`python -m modelgate`."""

from modelgate.cli import main

if __name__ == "__main__":
    main()

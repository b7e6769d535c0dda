"""`python -m modelgate`."""

from modelgate.cli.start import main

if __name__ == "__main__":
    main()

"""The version and the address of this package; `pyproject.toml` reads the version from here."""

VERSION = "0.1.0"
HOME = "https://pypi.org/project/modelgate-preflight/"
"""Where strangers find out what this is: the package's page, as there is no other public address."""

"""The version and the address of this package; `pyproject.toml` reads the version from here."""

VERSION = "0.1.0"
HOME = "urn:modelgate"
"""The name under which links of reports begin. A fork with pages of its own writes their address here."""

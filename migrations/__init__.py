"""Alembic's scripts. They run by themselves: no file here imports modelgate."""

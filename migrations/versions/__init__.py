"""One file a migration: `NNNN_verb_object.py`. Its docstring is what `modelgate db upgrade --plan` prints."""

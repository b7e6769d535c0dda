"""Names of Claude models in files, and the draft of settings that is made of them."""

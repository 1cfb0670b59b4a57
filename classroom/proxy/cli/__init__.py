"""`classroom proxy …`: the commands."""

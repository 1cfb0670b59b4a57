"""Pictures and sound in a conversation."""

"""What the upstream keeps for an attendee: files, responses, conversations, and batches."""

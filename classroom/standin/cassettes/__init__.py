"""Record and replay: what a real API answered, in a file that a person can read and edit."""

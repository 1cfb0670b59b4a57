"""What an instructor writes and reads: the terms of an event, and tables of what was used."""

"""What reached the stand-in: calls, the journal they are kept in, and the clients' mistakes that it shows."""

"""The database: events, attendees, money reserved and settled, and who owns what the upstream stores."""

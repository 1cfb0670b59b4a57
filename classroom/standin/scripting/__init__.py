"""What a test or an instructor scripts: replies, faults and rate limits."""

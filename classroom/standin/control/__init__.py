"""The stand-in's control port: calls, replies, faults and the pace as JSON, on a port that no app talks to."""

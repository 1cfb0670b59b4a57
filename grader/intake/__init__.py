"""How a submission comes to the worker that reads it: as bytes that nothing on this side looks into."""

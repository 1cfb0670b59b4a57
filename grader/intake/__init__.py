"""Brings a submission to its worker as bytes that the parent does not parse."""

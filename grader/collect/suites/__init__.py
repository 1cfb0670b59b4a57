"""Runs a submission's tests as their author does, then again with planted faults."""

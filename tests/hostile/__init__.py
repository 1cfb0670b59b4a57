"""Submissions that attack: each must be contained, judged fairly, and change nothing for its neighbours."""

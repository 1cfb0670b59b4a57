"""The class proxy: the instructor holds the key, learners hold an event code, and every call is bounded and counted."""

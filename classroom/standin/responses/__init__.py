"""The Responses API: the input, the items and events of a response, and OpenAI's own tools."""

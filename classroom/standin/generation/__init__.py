"""The model's turn: text, JSON that fits a schema, or the call of a tool."""

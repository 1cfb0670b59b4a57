"""Finds the operation that generates, and its inputs, by trying what the document, the source and each refusal suggest."""

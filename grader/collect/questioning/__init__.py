"""The questions to a running app: ordinary requests, bad input, failures of OpenAI and of S3."""

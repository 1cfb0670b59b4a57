"""Files in S3, uploaded or generated with OpenAI."""

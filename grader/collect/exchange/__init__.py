"""One request and all that it led to: what is sent, what comes back, what reached OpenAI and S3."""

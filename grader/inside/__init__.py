"""Code that runs inside a submission's sandbox: standard library only, without secrets."""

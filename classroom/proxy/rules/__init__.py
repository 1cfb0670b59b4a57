"""What holds for a request: its event and who may join it, its token, its route, how often one may try, and the words of each refusal."""

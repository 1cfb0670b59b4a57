"""Which models there are, with their limits and prices, and how text is counted for them."""

"""What a watchlist says of itself: which of its references are alike, its photographs, and what was decided of them."""

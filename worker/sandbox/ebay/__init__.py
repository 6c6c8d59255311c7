"""A strict stand-in for eBay: its sellers' world, made from a seed, and its APIs over it."""

"""Other people's APIs: each client maps what can go wrong to our error tree, and sees no database."""

"""Connected accounts: their secrets, the consent behind them, and asking an API in their name."""

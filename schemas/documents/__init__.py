"""The documents hublish reads and writes: manifest, plan, lock, receipt and card metadata."""

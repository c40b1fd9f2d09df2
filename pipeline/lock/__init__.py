"""Receipt (verified) -> Receipt: write the lock; and convert plan, receipt and lock to documents."""

"""Receipt (verified) -> Receipt: the lock on disk, and the plan, receipt and lock as documents."""

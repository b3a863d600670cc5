"""Programs whose cause is known, and the changes that prove it. Knows nothing of the engine."""

"""The contract between the halves: cards, the catalogue and the weight files themselves (standard library only)."""

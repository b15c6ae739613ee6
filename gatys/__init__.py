"""Gatys: the best still that optimisation over the pixels can make; slow, and the reference for the fast networks."""

"""The torch half: networks, losses and the trainings that make styles."""

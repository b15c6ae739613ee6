"""CycleGAN, a style learned from a folder of paintings: everything that no other training needs."""

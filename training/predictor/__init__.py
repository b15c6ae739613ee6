"""A style in one look at a painting: Ghiasi et al. 2017, for the trunk of many styles."""

"""The window, and the only room that knows Qt. Loads nothing by itself: whether a window can open is asked first."""

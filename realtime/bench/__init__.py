"""How fast a style paints, alone and in all that the program does with it."""

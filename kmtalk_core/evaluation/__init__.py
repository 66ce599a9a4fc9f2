"""How far predicted motion is from captured motion: LVE, FDD, MVE, lip closure, tables and pictures of them."""

"""Names of the tables, for those who must not load PyTorch to know them."""

TABLES = ("components", "localization", "scheme")

"""What is drawn: panels, lists and the words in them."""

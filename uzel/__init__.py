"""Uzel: the support desk of a city broadband operator, joined to its network."""

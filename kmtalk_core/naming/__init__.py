"""Naming schemes of face keys, how they are recognised, and the rules from ARKit's coefficients to their keys."""

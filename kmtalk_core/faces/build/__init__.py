"""ARKit's shapes for a neutral head that has none."""

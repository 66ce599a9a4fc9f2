"""The demo: a head of our own, lit like a portrait, that speaks a take; as a scene, a film and a sheet of its keys."""

"""How fast KMTalk is and how much memory it takes; `python -m kmtalk_core.bench` prints it all.

`whole` runs every measurement in a process of its own: those of `measures` and of `starter`, the starter as people meet
it.  `device` measures a graphics card.
"""

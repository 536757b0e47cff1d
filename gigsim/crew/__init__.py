"""Worker processes with limits, repetitions and replacement: what ``gigsim.processes`` is made of.

``spawning`` starts processes, ``frames`` is how they talk, ``pieces`` and ``outcome`` what about,
``worker`` is what runs in them, ``member`` the owner's side of one of them, ``family`` what they
started, ``watch`` what limits say about them, ``foreman`` the thread that keeps them at work.
"""

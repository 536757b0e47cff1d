"""How we know that the theory is right: every bound against exact worlds, every known answer."""

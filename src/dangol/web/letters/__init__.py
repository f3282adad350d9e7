"""What customers reach from our letters: short signed links, no sign-in, in their own language."""

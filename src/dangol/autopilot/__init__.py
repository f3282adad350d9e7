"""Runs the plan within limits that the owner set: proposes, acts, and takes back; off until somebody switches it on."""

"""The editor of templates: what stands in it, what changed meanwhile, and what is wrong, as people read it."""

"""The form in which people build a rule: what it may hold, in people's words, and what it is answered."""

"""The real loop over facts that are given or past, in a shop of its own: tests of campaigns, and rehearsals."""

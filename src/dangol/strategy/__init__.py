"""To what end: plays, lifecycle and the ranked plan."""

"""Are they satisfied: questions asked, answers as facts."""

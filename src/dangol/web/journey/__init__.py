"""The editor of a campaign: its definition as a flow that reads like a text, and as forms."""

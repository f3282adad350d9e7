"""The last gate, rendering, channels and the ledger of every attempt."""

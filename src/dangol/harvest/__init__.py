"""What came of it: treated against held out, money net of refunds."""

"""What every channel and provider must do, whatever its dialect."""

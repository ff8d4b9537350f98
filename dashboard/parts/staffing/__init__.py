"""The staffing page."""

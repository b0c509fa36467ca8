"""Runs of real processes with faults, and the audit of what became of every event."""

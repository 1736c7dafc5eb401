"""The core: from bytes to a report."""

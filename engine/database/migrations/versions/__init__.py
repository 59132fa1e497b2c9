"""The revisions, oldest first by number. A published one never changes."""

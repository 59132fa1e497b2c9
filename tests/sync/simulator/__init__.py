"""Tests of the simulator, spoken to over real HTTP by a small client of their own (`seller.py`)."""

"""How PostgreSQL answers every claim, every hot read and every hot write, however much is parked or closed."""

"""Destruction, asked for by name (`make faults`): what is killed or cut here must cost time and nothing else."""

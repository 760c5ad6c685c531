"""One adapter per network behind ``ports.Network``; remote JSON becomes domain types here and nowhere else."""

"""What the package can do, measured: commands that make their cases from a seed and print their figures."""

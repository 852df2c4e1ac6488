"""What an operator meets, by theme. A function builds what it needs, or is given the chain that several share."""

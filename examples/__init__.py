"""Examples: simulated patients, and a small chart system to open them in."""

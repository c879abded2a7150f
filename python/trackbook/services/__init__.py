"""What Trackbook does, in its users' words."""

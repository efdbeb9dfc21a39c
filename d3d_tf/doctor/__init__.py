"""`--mode=doctor`: what is wrong, in words."""

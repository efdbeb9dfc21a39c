"""`--mode=doctor --data=EXPORT/VERSION`: a module, and who calls it."""

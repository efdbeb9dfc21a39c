"""`--mode=prepare` with `records=features`: features of one's own videos."""

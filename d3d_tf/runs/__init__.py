"""Run folders: what is in one, and the ways to one."""

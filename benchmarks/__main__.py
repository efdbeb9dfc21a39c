"""`make bench`: all measurements but the table, which takes half an hour."""

from benchmarks import flow, memory, speed

if __name__ == "__main__":
    flow.main([])
    memory.main([])
    speed.main([])

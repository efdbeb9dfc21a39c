"""`make faults`: what happens to files, processes, disks and servers.

One small run with its records and its module is made. For every trial it is
copied, one thing goes wrong, and one mode of the command line is started on the
copy. Right is an error in one line that says what went wrong, or the result
that there is without the fault. Wrong is

  silent: it ends well, with another result;
  unclear: it fails, and the last line does not name the cause;
  trace: Python's or TensorFlow's traces are on the screen;
  crash: a signal ended it;
  hangs: it is not done after ten minutes;
  left over: files are there that nobody needs.
"""

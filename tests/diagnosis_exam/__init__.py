"""An exam for the diagnosis: 400 programs from seeds, with labels that are true by construction.

A program is one of the bases (`bases/*.txt`) with no, one or two faults (`changes/*.txt`) and a few
harmless changes (`changes/harmless.txt`). A fault is written like a diff: the lines that bring it
(`-`) beside the lines that cure it (`+`). So each label is proved by running the program with and
without them, in a harness that knows nothing of the diagnosis (`proof`). Half of the programs are
open: whoever mends the diagnosis may read them. The other half is frozen: `frozen.json` holds its
digest, and what the exam prints about it are figures. Some bases and faults occur in it only.

Causes that were named after that have a second exam, `added`: 60 programs of faults in `added`,
with labels proved in the same way and a digest of its own. The first exam stays as it was.

**When a label is right.** The difference is one that two honest runs of this form show: two calls
in one process, two processes, two times of day, or the two functions. Among the causes that would
fit, the label is the narrowest description of what the cure takes away:

- *random-numbers*: nothing on this machine sets the generator, so two processes differ.
  *generator-shift*: it is set, so two processes agree, but more or fewer numbers were drawn before;
  a generator's state is never called module-state. *reseeded*: one side sets it in the middle of a
  run. A draw that exists only because of a mode is *dropout-active*, one made in a data loader's
  worker *worker-generator*, and one whose seed is read from the clock *wall-clock*.
- *input-mutated*: a function writes to what it was given, and its caller uses that again.
  *module-state*: it writes to what belongs to itself or its object (attribute, global, default,
  closure), in order to remember. Sums left in `.grad` are always *gradient-accumulation*.
- *overlapping-memory*: within one call, a result kept under one name is changed through another;
  a copy at the second name cures it, and no input is involved.
- *batch-coupling*: in exact arithmetic a row depends on its neighbors. *batch-size*: in exact
  arithmetic it does not; its last bits do. Batch normalization in train mode is *batch-statistics*.
- *reduced-precision*: one side goes through a format shorter than float32. *dtype*: one side uses
  float64. *autocast-cache*: both sides use the same format, and one an outdated weight.
- *checkpoint-incomplete*: an interrupted run is compared with one that was not.
- *hash-seed*, *file-order*, *uninitialised-memory*, *thread-race*: the order, or the memory, is
  given by the surroundings and nothing in the program fixes it.

Modules compute on a grid of eighths, so that every order of additions gives the same bits and
nothing but the fault can part two runs. Not in the exam: *device-generator* and *cudnn-algorithm*
(they need a GPU), *cpu-capability* (two runs on one machine agree) and *compile* (needs a compiler,
and ten times as long as all the rest).
Nor are *device* and *unsynchronised*: they need a GPU.
"""

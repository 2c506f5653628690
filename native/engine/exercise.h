// Makes operations outside of a run, so that strace or gdb can look at them.
#pragma once

#include "engine/plan.h"

namespace pauselab::engine {

// Prints the table of operations as one JSON document.
void listOperations();

// Prepares a victim's operation, on a range inside one VMA or on a range that crosses two, and makes it `count` times
// between two getppid() calls, which mark the span for strace:
//   strace -f pauselab-engine exercise mprotect 3
void exercise(const char* operation, unsigned long count, Placement placement);

}  // namespace pauselab::engine

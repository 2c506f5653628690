// Operations on their own, to be looked at from outside.
#pragma once

#include "engine/plan.h"

namespace pauselab::engine {

// Prints the table of operations as one JSON document.
void listOperations();

// Prepares an operation, then makes it `count` times between two getppid() calls, which mark the span for strace:
//   strace -f pauselab-engine exercise mprotect 3
// A victim's operation on a range inside one VMA, or on one that crosses two.
void exercise(const char* operation, unsigned long count, Placement placement);

}  // namespace pauselab::engine

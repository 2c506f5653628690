// How a native program ends when it cannot go on: one sentence on stderr, and the exit code of the contract.
// Only for the time before `go` and after the window; the hot path has no errors other than counted refusals.
#pragma once

namespace pauselab {

enum class Exit : int { ok = 0, internal = 1, usage = 2, unfit = 5, workload = 6 };

// Put before the sentence: where the process is another program's, it says whose sentence it is. Set before any thread
// starts.
extern const char* failPrefix;

[[noreturn, gnu::format(printf, 2, 3)]] void fail(Exit code, const char* format, ...);

}  // namespace pauselab

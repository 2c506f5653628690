// How a native program ends when it cannot continue: one sentence on stderr, and the exit code of the contract.
// Only for the time before `go` and after the window. On the hot path the only errors are counted refusals.
#pragma once

namespace pauselab {

enum class Exit : int { ok = 0, internal = 1, usage = 2, unfit = 5, workload = 6 };

// Stands before the sentence. In another program's process it names pauselab. Set it before any thread starts.
extern const char* failPrefix;

[[noreturn, gnu::format(printf, 2, 3)]] void fail(Exit code, const char* format, ...);

}  // namespace pauselab

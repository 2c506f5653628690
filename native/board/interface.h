// The version of what the command and its native parts agree on: arguments, plans, records. The command looks for this
// text in the file of a part before it uses it (src/base/native.ts). Raise the number in both places when a part takes
// or writes something else: parts that were built before are then refused, not misunderstood.
#pragma once

namespace pauselab {

[[gnu::used]] inline constexpr char kInterface[] = "pauselab native interface 2;";

}  // namespace pauselab

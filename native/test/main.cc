// A crashing test ends the program, as it would without doctest. So sanitizers report where, and a child of a test
// prints no report.
#define DOCTEST_CONFIG_NO_POSIX_SIGNALS
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "test/doctest.h"

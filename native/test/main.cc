// A test that crashes ends the program, as it would without doctest: sanitizers then say where, and a child of a test
// prints no report.
#define DOCTEST_CONFIG_NO_POSIX_SIGNALS
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "test/doctest.h"

#include "tests/support/descriptors.h"

#include "tests/support/suite.h"

struct rlimit
descriptors_limit(rlim_t n)
{
	struct rlimit old, low = {n, 0};

	CU_ASSERT_FATAL(getrlimit(RLIMIT_NOFILE, &old) == 0);
	low.rlim_max = old.rlim_max;
	CU_ASSERT_FATAL(setrlimit(RLIMIT_NOFILE, &low) == 0);
	return old;
}

void
descriptors_back(const struct rlimit *old)
{
	CU_ASSERT_FATAL(setrlimit(RLIMIT_NOFILE, old) == 0);
}

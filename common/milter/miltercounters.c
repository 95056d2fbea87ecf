#include "common/milter/miltercounters.h"

const struct stats_row milter_tempfailed[] = {
    {.first = MILTER_COUNT_TEMPFAIL,
        .family = "tempfailed_messages_total",
        .help = "Messages that were put off because the daemon failed."},
    {.family = NULL},
};

const struct stats_row milter_errors[] = {
    {.first = MILTER_COUNT_ERROR,
        .family = "milter_errors_total",
        .help = "Connections closed for what came over them, or did not come."},
    {.family = NULL},
};

#include "listing_command.hpp"

namespace {

const zevi::cli::Listing listing{
    {"zevi publishers", "[OPTION]...",
     "Shows the publishers of the broker. Name, process and machine of each, whether it is up, what came\n"
     "from it, and what of it subscribers did not get: dropped by itself, refused as invalid, too old when\n"
     "it came. Those that have ended are remembered for an hour. The rate is over the last five seconds.",
     "  zevi publishers\n"
     "  zevi publishers --all --sort dropped\n"
     "  zevi publishers --output json | jq 'select(.live | not)'",
     "0, 1 for a failure (no broker answers), 2 for a wrong command line."},
    "publishers",
    {{"PUBLISHER", "src", zevi::cli::Show::text},
     {"PID", "pid", zevi::cli::Show::number},
     {"HOST", "host", zevi::cli::Show::text},
     {"STATE", "live", zevi::cli::Show::up},
     {"RATE", "rate", zevi::cli::Show::rate},
     {"EVENTS", "events", zevi::cli::Show::count},
     {"BYTES", "bytes", zevi::cli::Show::bytes},
     {"TOPICS", "topics", zevi::cli::Show::count},
     {"DROPPED", "dropped", zevi::cli::Show::count},
     {"INVALID", "invalid", zevi::cli::Show::count},
     {"EXPIRED", "expired", zevi::cli::Show::count},
     {"UNACKNOWLEDGED", "unacknowledged_bytes", zevi::cli::Show::bytes},
     {"SINCE", "since_ns", zevi::cli::Show::age},
     {"LAST SEEN", "last_seen_ns", zevi::cli::Show::age}},
    "rate",
    "No publishers are up.",
    "live"};

}  // namespace

int main(int argc, char** argv) {
  return zevi::program::run("zevi publishers", [&] { return zevi::cli::run_listing(argc, argv, listing); });
}

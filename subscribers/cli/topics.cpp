#include "listing_command.hpp"

namespace {

const zevi::cli::Listing listing{
    {"zevi topics", "[OPTION]...",
     "Shows the topics of the broker. How many events came in of each, how many were lost before the\n"
     "broker (dropped by publishers, refused, too old) and behind it (as readers report), what of it can\n"
     "still be replayed from memory and from the disk (mostly the same events), and how many subscriptions\n"
     "it has. The rate is over the last five seconds.",
     "  zevi topics\n"
     "  zevi topics --sort lost_before --watch 1s\n"
     "  zevi topics --output json | jq 'select(.lost_before > 0)'",
     "0, 1 for a failure (no broker answers), 2 for a wrong command line."},
    "topics",
    {{"TOPIC", "topic", zevi::cli::Show::text},
     {"RATE", "rate", zevi::cli::Show::rate},
     {"EVENTS", "events", zevi::cli::Show::count},
     {"BYTES", "bytes", zevi::cli::Show::bytes},
     {"LOST BEFORE", "lost_before", zevi::cli::Show::count},
     {"LOST AFTER", "lost_after", zevi::cli::Show::count},
     {"IN MEMORY", "held_events", zevi::cli::Show::count},
     {"MEMORY BYTES", "held_bytes", zevi::cli::Show::bytes},
     {"ON DISK", "stored_events", zevi::cli::Show::count},
     {"DISK BYTES", "stored_bytes", zevi::cli::Show::bytes},
     {"SUBSCRIBED",
      "subscriptions_stream",
      zevi::cli::Show::count,
      {"subscriptions_events", "subscriptions_routes"}},
     {"LAST SEEN", "last_seen_ns", zevi::cli::Show::age}},
    "rate",
    "No topics: no event has come yet."};

}  // namespace

int main(int argc, char** argv) {
  return zevi::program::run("zevi topics", [&] { return zevi::cli::run_listing(argc, argv, listing); });
}

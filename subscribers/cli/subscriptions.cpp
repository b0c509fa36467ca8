#include "listing_command.hpp"

namespace {

const zevi::cli::Listing listing{
    {"zevi subscriptions", "[OPTION]...",
     "Shows what readers are subscribed to now. Each prefix of topics, how many subscriptions it has at\n"
     "the endpoint for libraries, at the one for scripts and at routes, and whether it is still wanted only\n"
     "because its last reader has just left.",
     "  zevi subscriptions\n"
     "  zevi subscriptions --sort events --watch 1s",
     "0, 1 for a failure (no broker answers), 2 for a wrong command line."},
    "subscriptions",
    {{"PREFIX", "prefix", zevi::cli::Show::prefix},
     {"STREAM", "stream", zevi::cli::Show::count},
     {"EVENTS", "events", zevi::cli::Show::count},
     {"ROUTES", "routes", zevi::cli::Show::count},
     {"LINGERS", "lingers", zevi::cli::Show::yes}},
    "prefix",
    "Nobody is subscribed."};

}  // namespace

int main(int argc, char** argv) {
  return zevi::program::run("zevi subscriptions",
                            [&] { return zevi::cli::run_listing(argc, argv, listing); });
}

#include "store_options.hpp"

#include <string>

#include "database.hpp"
#include "history/retention.hpp"
#include "zevi/error.hpp"

namespace zevi::broker {

namespace {

/// Enough for the largest messages in each of the parts that a limit is made of.
constexpr std::uint64_t bytes_min = std::uint64_t{16} << 20U;

}  // namespace

void check_store(const BrokerOptions& options) {
  check_prefixes(options.acks, "ack");
  if (!options.store.empty() && !has_database()) {
    throw Error(
        "store: this program was built without RocksDB, so it keeps nothing on the disk; leave the "
        "option away, or build with -Dstore=enabled");
  }
  if (options.store_bytes_max < bytes_min) throw Error("store-size must be at least 16MiB");
  for (const AckRule& rule : options.acks) {
    if (rule.level == AckLevel::memory) continue;
    const std::string what = "ack: prefix '" + rule.prefix + "' waits for the store, but ";
    if (options.store.empty()) throw Error(what + "there is none; name its directory with --store");
    const HistoryLimit* const limit = longest_prefix(options.history, rule.prefix);
    if (limit == nullptr || !limit->kept) {
      throw Error(what + "the history keeps nothing of it; give it a limit with --history");
    }
  }
}

}  // namespace zevi::broker

#include "store/store_options.hpp"

#include "catch.hpp"
#include "store/database.hpp"
#include "zevi/error.hpp"

using namespace zevi::broker;

TEST_CASE("levels that need a store are refused without one, and for what is not kept") {
  zevi::BrokerOptions options;
  options.acks = {{"E_X", zevi::AckLevel::written}};
  CHECK_THROWS_WITH(check_store(options), contains_text("--store"));
  options.acks = {{"E_X", zevi::AckLevel::memory}};
  CHECK_NOTHROW(check_store(options));
  if (!has_database()) {
    options.store = "/tmp/x";
    CHECK_THROWS_WITH(check_store(options), contains_text("without RocksDB"));
    return;
  }
  options.store = "/tmp/x";
  options.acks = {{"E_PROFILING_", zevi::AckLevel::synced}};
  CHECK_THROWS_WITH(check_store(options), contains_text("keeps nothing"));
  options.acks = {{"", zevi::AckLevel::synced}};
  CHECK_NOTHROW(check_store(options));
  options.store_bytes_max = 1;
  CHECK_THROWS_WITH(check_store(options), contains_text("16MiB"));
}

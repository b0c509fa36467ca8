#include "database.hpp"
#include "zevi/error.hpp"

namespace zevi::broker {

bool has_database() noexcept {
  return false;
}

std::unique_ptr<Database> open_database(const DatabaseOptions& options) {
  throw Error("store " + options.directory +
              ": this program was built without RocksDB; build it with -Dstore=enabled");
}

}  // namespace zevi::broker

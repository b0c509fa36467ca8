#include "database.hpp"
#include "zevi/error.hpp"

namespace zevi::broker {

bool has_database() noexcept {
  return false;
}

namespace {

Error cannot(const std::string& directory) {
  return Error("store " + directory +
               ": this program was built without RocksDB; build it with -Dstore=enabled");
}

}  // namespace

std::unique_ptr<Database> open_database(const DatabaseOptions& options) {
  throw cannot(options.directory);
}

void check_is_not_used(const std::string& directory) {
  throw cannot(directory);
}

void end_repair(const std::string&) {}

Salvage repair_database(const std::string& directory) {
  throw cannot(directory);
}

}  // namespace zevi::broker

#include "zevi/endpoints.hpp"

#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>

#include "zevi/error.hpp"

namespace zevi {

namespace {

constexpr std::string_view system_dir = "/run/zevi";

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

bool is_directory(std::string_view path) {
  struct stat status {};
  return stat(std::string(path).c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

std::string session_dir(const std::string& base) {
  if (base.empty()) {
    throw Error("no runtime directory: give --runtime-dir DIR or set ZEVI_RUNTIME_DIR");
  }
  return base + "/zevi";
}

}  // namespace

std::string broker_runtime_dir(std::string_view chosen) {
  if (!chosen.empty()) return std::string(chosen);
  if (std::string dir = variable("ZEVI_RUNTIME_DIR"); !dir.empty()) return dir;
  if (std::string dirs = variable("RUNTIME_DIRECTORY"); !dirs.empty()) return dirs.substr(0, dirs.find(':'));
  if (geteuid() == 0) return std::string(system_dir);
  return session_dir(variable("XDG_RUNTIME_DIR"));
}

RuntimeVariables RuntimeVariables::read() {
  return {variable("ZEVI_RUNTIME_DIR"), variable("XDG_RUNTIME_DIR")};
}

std::string client_runtime_dir(std::string_view chosen) {
  return client_runtime_dir(chosen, RuntimeVariables::read());
}

std::string client_runtime_dir(std::string_view chosen, const RuntimeVariables& variables) {
  if (!chosen.empty()) return std::string(chosen);
  if (!variables.zevi_runtime_dir.empty()) return variables.zevi_runtime_dir;
  if (is_directory(system_dir)) return std::string(system_dir);
  return session_dir(variables.xdg_runtime_dir);
}

std::string ipc_endpoint(std::string_view runtime_dir, std::string_view name) {
  const std::string path = std::string(runtime_dir) + "/" + std::string(name);
  if (path.size() >= sizeof(sockaddr_un::sun_path)) {
    throw Error("socket path " + path + " has " + std::to_string(path.size()) +
                " bytes and a unix socket takes 107: choose a shorter runtime directory");
  }
  return "ipc://" + path;
}

}  // namespace zevi

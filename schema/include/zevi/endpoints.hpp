#pragma once

#include <string>
#include <string_view>

/// Where broker, publishers and subscribers meet: sockets with fixed names in one runtime directory.
namespace zevi {

namespace endpoint_names {
inline constexpr std::string_view ingress = "ingress";
inline constexpr std::string_view stream = "stream";
inline constexpr std::string_view events = "events";
inline constexpr std::string_view replay = "replay";
inline constexpr std::string_view control = "control";
}  // namespace endpoint_names

/// The directory that a broker uses: `chosen` (an option's value) if not empty, else `$ZEVI_RUNTIME_DIR`,
/// else the first path of `$RUNTIME_DIRECTORY`, else `/run/zevi` for root, else `$XDG_RUNTIME_DIR/zevi`.
/// Throws `zevi::Error` when none of these is set.
[[nodiscard]] std::string broker_runtime_dir(std::string_view chosen);

/// The directory in which everyone else looks for the broker: `chosen` if not empty, else
/// `$ZEVI_RUNTIME_DIR`, else `/run/zevi` if it exists, else `$XDG_RUNTIME_DIR/zevi`. Never
/// `$RUNTIME_DIRECTORY`, which belongs to the unit that the caller runs in. Throws `zevi::Error` when none of
/// these is to be had.
[[nodiscard]] std::string client_runtime_dir(std::string_view chosen);

/// The environment variables that `client_runtime_dir` looks at, read once: a thread that looks for the
/// directory again and again must not call getenv while the program that it is part of may call setenv.
struct RuntimeVariables {
  std::string zevi_runtime_dir;
  std::string xdg_runtime_dir;

  [[nodiscard]] static RuntimeVariables read();
};

[[nodiscard]] std::string client_runtime_dir(std::string_view chosen, const RuntimeVariables& variables);

/// `ipc://DIR/NAME`. Throws `zevi::Error` if the path is longer than the 107 bytes that a unix socket takes.
[[nodiscard]] std::string ipc_endpoint(std::string_view runtime_dir, std::string_view name);

}  // namespace zevi

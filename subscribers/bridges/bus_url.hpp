#pragma once

#include <string>
#include <string_view>

namespace zevi::bridges {

/// `SCHEME://[USER[:PASSWORD]@]HOSTS[/PATH]` or `SCHEME:REST`, taken apart.
struct BusUrl {
  std::string scheme;
  std::string user;
  std::string password;
  std::string hosts;  ///< `HOST:PORT`, or several with commas between them, as written
  std::string path;   ///< with its slash; without `//`, everything behind the colon
  /// Throws `zevi::Error` if it is none.
  [[nodiscard]] static BusUrl parse(std::string_view text);
  /// Without user and password: for log lines, names of files and everything else that people see.
  [[nodiscard]] std::string shown() const;
};

/// `HOST`, `HOST:PORT` or `[ADDRESS]:PORT` in its parts.
struct HostAndPort {
  std::string_view host;    ///< without brackets
  std::string_view behind;  ///< `:PORT`, or whatever stands there; empty: nothing does
};
[[nodiscard]] HostAndPort split_host(std::string_view text);

/// The number in `:PORT`; 0 if that is none from 1 to 65535.
[[nodiscard]] int port_in(std::string_view text);

/// With what stands for `%2F` and the like.
[[nodiscard]] std::string without_percents(std::string_view text);

}  // namespace zevi::bridges

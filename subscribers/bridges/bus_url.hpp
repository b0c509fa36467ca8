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

/// With what stands for `%2F` and the like.
[[nodiscard]] std::string without_percents(std::string_view text);

}  // namespace zevi::bridges

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace zevi::subscriber {

/// A question to the history. Unlike the message that it becomes it owns what it names, since it may be asked
/// again.
struct Question {
  std::vector<std::string> topics;
  std::optional<std::map<std::string, std::uint64_t>> from;
  std::map<std::string, std::uint64_t> to;
  std::optional<std::uint64_t> since_ns;
  std::optional<std::uint64_t> last;
  std::uint64_t epoch = 0;  ///< of the numbers in `from`
};

[[nodiscard]] std::string encode(const Question& question, std::uint64_t number);

}  // namespace zevi::subscriber

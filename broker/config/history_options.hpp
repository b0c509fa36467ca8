#pragma once

#include <string>
#include <vector>

#include "zevi/broker.hpp"

namespace zevi::broker {

/// The values of `--history`: each `PREFIX=LIMIT[,LIMIT...]`, or a single `none`. Throws `zevi::Error`, with
/// the option and the remedy in it, for anything else; `check_history` looks at the rest.
[[nodiscard]] std::vector<HistoryLimit> parse_history(const std::vector<std::string>& values);

/// The values of `--max-age`: each `PREFIX=TIME`.
[[nodiscard]] std::vector<MaxAge> parse_max_age(const std::vector<std::string>& values);

/// The values of `--ack`: each `PREFIX=LEVEL`.
[[nodiscard]] std::vector<AckRule> parse_acks(const std::vector<std::string>& values);

/// The values of `--catalogue`: each `PREFIX=POLICY`.
[[nodiscard]] std::vector<CatalogueRule> parse_catalogue(const std::vector<std::string>& values);

}  // namespace zevi::broker

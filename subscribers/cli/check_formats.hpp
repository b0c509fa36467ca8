#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "check_findings.hpp"

namespace zevi::cli {

/// A line with the verdict and one for each finding.
void append_check_text(std::string& out, const std::vector<Finding>& findings);
/// One line: what is wrong in words, then the values as performance data with their limits.
void append_check_nagios(std::string& out, const std::vector<Finding>& findings);
/// One object: `state`, `code`, `findings`.
void append_check_json(std::string& out, const std::vector<Finding>& findings);
/// The text format of Prometheus: the findings, the state of the broker, and every counter with its help.
/// `counters` are the rows of that question; both are empty if no broker answered.
void append_check_prometheus(std::string& out, const std::vector<Finding>& findings, const Params& stats,
                             const std::vector<std::string>& counters);

}  // namespace zevi::cli

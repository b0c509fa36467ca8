#pragma once

#include <string>

#include "zevi/subscriber/params.hpp"

namespace zevi::cli {

/// The broker's state as a page for people: `stats` is the row that answers that question.
void append_status(std::string& out, const Params& stats);

}  // namespace zevi::cli

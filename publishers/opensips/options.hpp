#pragma once

#include "ingest.hpp"

namespace zevi::ingest {

/// Reads the command line. False when `--help` or `--version` was asked for and has been printed. Throws
/// `program::UsageError`.
[[nodiscard]] bool read_options(int argc, const char* const* argv, IngestOptions& options);

}  // namespace zevi::ingest

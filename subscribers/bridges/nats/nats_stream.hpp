#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "../bridge.hpp"
#include "nats_handles.hpp"

namespace zevi::bridges {

/// A stream of JetStream as `--set` describes it.
struct NatsStream {
  std::string name;
  std::string subject;
  std::uint64_t bytes = 0;  ///< 0: no limit
  std::chrono::nanoseconds age{0};
  std::chrono::nanoseconds duplicates{0};
};

/// The subjects that a template can make: up to its first place, which has to be a token, and all behind it.
/// Throws `program::UsageError` if that cannot be said.
[[nodiscard]] std::string subjects_of(const std::string& subject);

/// Makes the stream if there is none of that name; one that is there stays as it is. Throws `zevi::Error`.
void make_stream(natsConnection* connection, const NatsStream& stream);

}  // namespace zevi::bridges

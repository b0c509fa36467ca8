#pragma once

#include <hiredis/hiredis.h>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "../source.hpp"

/// What a reader of streams makes of Redis's answers.
namespace zevi::bridges {

/// Where an entry stands in its stream.
struct RedisEntryId {
  std::uint64_t time_ms = 0;
  std::uint64_t number = 0;

  auto operator<=>(const RedisEntryId&) const = default;  // NOLINT(modernize-use-nullptr)
};
/// As Redis writes it, `TIME-NUMBER`; all zero for anything else.
[[nodiscard]] RedisEntryId redis_entry_id(std::string_view text);
[[nodiscard]] std::string text_of(const RedisEntryId& id);

/// The message in an entry's fields, which are names and values in turn. What `zevi bridge to` has written is
/// its `payload`, and so is a JSON object or msgpack map that an entry has as `payload` alone; of every other
/// entry the fields are a msgpack map of texts. Empty if it is larger than any event.
[[nodiscard]] std::string redis_payload_of(const redisReply& fields);

/// All that is in an answer, in bytes.
[[nodiscard]] std::size_t redis_bytes_of(const redisReply& reply);

/// The value behind a name in an answer that is names and values in turn; null if there is none.
[[nodiscard]] const redisReply* redis_value_of(const redisReply& reply, std::string_view name);

}  // namespace zevi::bridges

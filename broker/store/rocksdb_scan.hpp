#pragma once

#include <rocksdb/iterator.h>
#include <rocksdb/slice.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "database.hpp"

namespace zevi::broker {

[[nodiscard]] inline std::string_view view_of(const rocksdb::Slice& bytes) noexcept {
  return {bytes.data(), bytes.size()};
}

/// Each one sees the same messages.
using MakeIterator = std::function<std::unique_ptr<rocksdb::Iterator>()>;

/// Visits the messages from key `begin` to before `end` (empty: all) until `take` says false, and passes over
/// what is damaged. Empty, or what the damage was.
[[nodiscard]] Database::Fault scan_messages(std::string begin, const std::string& end,
                                            const MakeIterator& make, const Database::TakeMessage& take);

}  // namespace zevi::broker

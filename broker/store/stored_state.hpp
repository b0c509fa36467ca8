#pragma once

#include <cstdint>
#include <vector>

#include "database.hpp"
#include "rows.hpp"

namespace zevi::broker {

/// What an earlier broker knew when it wrote for the last time.
struct StoredState {
  std::uint64_t epoch = 0;  ///< 0: the store is new
  std::vector<EndedRow> ended;
  std::vector<TopicRow> topics;
  std::vector<PublisherRow> publishers;
  std::vector<PublisherTopicRow> publisher_topics;
  std::vector<RangeRow> ranges;

  [[nodiscard]] bool is_new() const noexcept { return epoch == 0; }
};

/// Throws `zevi::Error` if the rows cannot be read or do not fit together. `place` is for its words.
[[nodiscard]] StoredState read_state(Database& database, const std::string& place);

}  // namespace zevi::broker

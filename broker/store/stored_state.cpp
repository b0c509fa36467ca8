#include "stored_state.hpp"

#include <algorithm>
#include <unordered_map>

#include "zevi/error.hpp"

namespace zevi::broker {

namespace {

template <typename RowOf>
bool add(std::string_view key, std::string_view value, std::vector<RowOf>& rows) {
  RowOf row;
  if (!decode(key, value, row)) return false;
  rows.push_back(std::move(row));
  return true;
}

/// False for what is no row of any kind.
bool add(std::string_view key, std::string_view value, StoredState& state) {
  switch (key.empty() ? '\0' : key.front()) {
    case EpochRow::kind: {
      EpochRow row;
      const bool is_row = decode(key, value, row);
      state.epoch = row.epoch;
      return is_row;
    }
    case EndedRow::kind:
      return add(key, value, state.ended);
    case TopicRow::kind:
      return add(key, value, state.topics);
    case PublisherRow::kind:
      return add(key, value, state.publishers);
    case PublisherTopicRow::kind:
      return add(key, value, state.publisher_topics);
    case RangeRow::kind:
      return add(key, value, state.ranges);
    default:
      return false;
  }
}

}  // namespace

StoredState read_state(Database& database, const std::string& place) {
  const auto damaged = [&](const std::string& what) {
    return Error("store " + place + " is damaged (" + what + "); zevid --repair-store " + place +
                 " saves what can be read");
  };
  StoredState state;
  std::size_t rows = 0;
  bool are_all_known = true;
  const std::string fault = database.read_rows([&](std::string_view key, std::string_view value) {
    ++rows;
    are_all_known = add(key, value, state) && are_all_known;
  });
  if (!fault.empty()) throw damaged(fault);
  if (!are_all_known) throw damaged("a row that is none");
  if (state.is_new() && rows > 0) throw damaged("its epoch is missing");

  std::unordered_map<std::uint32_t, TopicRow*> topics;
  for (TopicRow& topic : state.topics) topics[topic.number] = &topic;
  for (const RangeRow& range : state.ranges) {
    const auto topic = topics.find(range.topic);
    if (topic == topics.end()) throw damaged("a topic's name is missing");
    topic->second->next_q = std::max(topic->second->next_q, range.end_q);
  }
  return state;
}

}  // namespace zevi::broker

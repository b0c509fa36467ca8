#pragma once

#include <vector>

#include "frame_reader.hpp"

/// Maps from topic to number, as several control frames have them.
namespace zevi::wire {

inline void append_counts(pack::Writer& writer, const std::vector<TopicCount>& counts) {
  writer.map(counts.size());
  for (const TopicCount& entry : counts) writer.text(entry.topic).uint(entry.count);
}

/// More than `counts_max`, or a number below `lowest`, are out of range.
[[nodiscard]] inline DecodeError read_counts(pack::Reader& reader, std::vector<TopicCount>& counts,
                                             std::size_t counts_max, std::uint64_t lowest) {
  counts.clear();
  return read_inner_map(reader, [&](std::string_view topic, pack::Reader& value) {
    TopicCount entry{topic, 0};
    if (!is_topic(topic) || counts.size() == counts_max) return DecodeError::out_of_range;
    const DecodeError error = read_uint(value, entry.count);
    if (error != DecodeError::none) return error;
    if (entry.count < lowest) return DecodeError::out_of_range;
    counts.push_back(entry);
    return DecodeError::none;
  });
}

}  // namespace zevi::wire

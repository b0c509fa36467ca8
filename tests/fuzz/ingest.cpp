#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "notification.hpp"
#include "object_splitter.hpp"
#include "zevi/topic.hpp"
#include "zevi/wire/body.hpp"

namespace {

using zevi::ingest::NotificationReader;
using zevi::ingest::ObjectSplitter;
using zevi::ingest::Refusal;

std::vector<std::string> split(std::string_view stream, std::size_t cut) {
  std::vector<std::string> objects;
  ObjectSplitter splitter;
  const auto take = [&](std::string_view object) { objects.emplace_back(object); };
  (void)splitter.feed(stream.substr(0, cut), take);
  (void)splitter.feed(stream.substr(cut), take);
  return objects;
}

}  // namespace

/// Bytes as a datagram, and as a stream that is cut somewhere. What is taken as an event is one.
extern "C" int LLVMFuzzerTestOneInput(const char* data, std::size_t size) {
  static NotificationReader reader;
  const std::string_view bytes{data, size};
  if (reader.read(bytes) == Refusal::none) {
    if (!zevi::is_topic(reader.topic()) || zevi::is_reserved_topic(reader.topic())) std::abort();
    if (!zevi::wire::check_params(reader.params())) std::abort();
  }
  const std::vector<std::string> objects = split(bytes, 0);
  if (split(bytes, size / 2) != objects || split(bytes, size / 3) != objects) std::abort();
  for (const std::string& object : objects) {
    if (!object.starts_with('{') || !object.ends_with('}')) std::abort();
  }
  return 0;
}

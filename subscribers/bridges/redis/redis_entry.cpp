#include "redis_entry.hpp"

#include <charconv>

#include "zevi/pack.hpp"
#include "zevi/wire/body.hpp"

namespace zevi::bridges {

namespace {

// No event is as large, as JSON either.
constexpr std::size_t entry_bytes_max = std::size_t{1} << 20;

std::string_view view_of(const redisReply& reply) {
  return reply.str == nullptr ? std::string_view() : std::string_view(reply.str, reply.len);
}

bool is_object(std::string_view payload) {
  const std::size_t begin = payload.find_first_not_of(" \t\r\n");
  if (begin != std::string_view::npos && payload[begin] == '{') return true;
  return static_cast<bool>(wire::check_params(payload));
}

}  // namespace

RedisEntryId redis_entry_id(std::string_view text) {
  RedisEntryId id;
  const char* const end = text.data() + text.size();
  const auto [dash, error] = std::from_chars(text.data(), end, id.time_ms);
  if (error != std::errc{} || dash == end || *dash != '-') return {};
  const auto [rest, second_error] = std::from_chars(dash + 1, end, id.number);
  return second_error == std::errc{} && rest == end ? id : RedisEntryId{};
}

std::string text_of(const RedisEntryId& id) {
  return std::to_string(id.time_ms) + "-" + std::to_string(id.number);
}

std::string redis_payload_of(const redisReply& fields) {
  if (redis_bytes_of(fields) > entry_bytes_max) return {};
  const redisReply* const payload = redis_value_of(fields, "payload");
  const bool is_ours = redis_value_of(fields, "Zevi-Id") != nullptr;
  const bool is_alone = fields.elements == 2;
  if (payload != nullptr && (is_ours || (is_alone && is_object(view_of(*payload))))) {
    return std::string(view_of(*payload));
  }
  std::string params;
  pack::Writer writer(params);
  writer.map(fields.elements / 2);
  for (std::size_t i = 0; i < fields.elements; ++i) writer.text(view_of(*fields.element[i]));
  return params;
}

std::size_t redis_bytes_of(const redisReply& reply) {
  std::size_t bytes = reply.str == nullptr ? 0 : reply.len;
  for (std::size_t i = 0; i < reply.elements; ++i) bytes += redis_bytes_of(*reply.element[i]);
  return bytes;
}

const redisReply* redis_value_of(const redisReply& reply, std::string_view name) {
  for (std::size_t i = 0; i + 1 < reply.elements; i += 2) {
    if (view_of(*reply.element[i]) == name) return reply.element[i + 1];
  }
  return nullptr;
}

}  // namespace zevi::bridges

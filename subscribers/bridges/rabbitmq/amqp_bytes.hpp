#pragma once

#include <amqp.h>

#include <string>
#include <string_view>

/// Text as librabbitmq has it: a view, which its functions take without `const` and do not write to.
namespace zevi::bridges {

[[nodiscard]] inline amqp_bytes_t amqp_bytes(std::string_view text) noexcept {
  return {text.size(), const_cast<char*>(text.data())};
}

[[nodiscard]] inline std::string_view text_of(const amqp_bytes_t& bytes) noexcept {
  return bytes.len == 0 ? std::string_view{}
                        : std::string_view(static_cast<const char*>(bytes.bytes), bytes.len);
}

/// An entry of a table: what the other side takes for UTF-8.
[[nodiscard]] inline amqp_table_entry_t amqp_text_entry(std::string_view name,
                                                        std::string_view value) noexcept {
  amqp_table_entry_t entry{};
  entry.key = amqp_bytes(name);
  entry.value.kind = AMQP_FIELD_KIND_UTF8;
  entry.value.value.bytes = amqp_bytes(value);
  return entry;
}

}  // namespace zevi::bridges

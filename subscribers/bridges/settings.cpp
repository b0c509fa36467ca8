#include "settings.hpp"

#include <charconv>
#include <sstream>

#include "program.hpp"
#include "quantities.hpp"

namespace zevi::bridges {

namespace {

[[noreturn]] void refuse(std::string_view name, std::string_view kind, const std::string& value) {
  throw program::UsageError("--set " + std::string(name) + " is " + std::string(kind) + ", not '" + value +
                            "'");
}

template <typename Quantity>
Quantity quantity(const BusOptions& options, std::string_view name, std::string_view kind) {
  const std::string& text = setting(options, name);
  Quantity quantity;
  if (text.empty()) return quantity;
  std::istringstream in(text);
  if (!(in >> quantity) || in.peek() != std::istringstream::traits_type::eof()) refuse(name, kind, text);
  return quantity;
}

}  // namespace

const std::string& setting(const BusOptions& options, std::string_view name) {
  return options.settings.find(name)->second;
}

std::chrono::nanoseconds duration_setting(const BusOptions& options, std::string_view name) {
  return quantity<program::Duration>(options, name, "a duration (500ms, 10s, 24h)").value;
}

std::uint64_t size_setting(const BusOptions& options, std::string_view name) {
  return quantity<program::ByteSize>(options, name, "a size (64MB, 1GiB)").value;
}

std::uint64_t count_setting(const BusOptions& options, std::string_view name) {
  const std::string& text = setting(options, name);
  std::uint64_t count = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, count);
  if (!text.empty() && (error != std::errc{} || rest != end)) refuse(name, "a number", text);
  return count;
}

bool switch_setting(const BusOptions& options, std::string_view name) {
  const std::string& text = setting(options, name);
  if (text != "on" && text != "off") refuse(name, "on or off", text);
  return text == "on";
}

}  // namespace zevi::bridges

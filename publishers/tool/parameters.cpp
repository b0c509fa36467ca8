#include "parameters.hpp"

#include <optional>
#include <set>
#include <string_view>

#include "object.hpp"
#include "zevi/error.hpp"
#include "zevi/limits.hpp"
#include "zevi/pack.hpp"

namespace zevi::pub {

namespace {

/// The msgpack of one JSON value; nothing if the text is anything else. It is read as the only member of an
/// object with the empty name, whose msgpack begins with two bytes: the map of one and the name.
std::optional<std::string> encode_json(std::string_view text, std::string& fault) {
  constexpr std::string_view head = "\x81\xA0";
  json::ObjectReader reader;
  fault = reader.read(R"({"":)" + std::string(text) + "}");
  if (!fault.empty()) return std::nullopt;
  const std::string_view params = reader.params();
  if (!params.starts_with(head) || reader.repeated_keys() > 0) {
    fault = "more than one value";
    return std::nullopt;
  }
  return std::string(params.substr(head.size()));
}

std::string encode_text(std::string_view text) {
  std::string out;
  pack::Writer(out).text(text);
  return out;
}

std::string encode_guessed(std::string_view text) {
  const bool maybe_json =
      text == "true" || text == "false" || text == "null" ||
      (!text.empty() && text.find_first_not_of("-+.eE0123456789") == std::string_view::npos);
  std::string fault;
  if (maybe_json) {
    if (const auto value = encode_json(text, fault)) return *value;
  }
  return encode_text(text);
}

}  // namespace

std::string encode_parameters(const std::vector<std::string>& arguments, bool as_text) {
  std::string map;
  pack::Writer writer(map);
  writer.map(arguments.size());
  std::set<std::string_view> names;
  for (const std::string& argument : arguments) {
    const std::size_t equals = argument.find('=');
    if (equals == std::string::npos) {
      throw Error("'" + argument + "' is no parameter: write name=value, or name:=JSON");
    }
    const std::string_view value = std::string_view(argument).substr(equals + 1);
    std::string_view name = std::string_view(argument).substr(0, equals);
    const bool is_json = name.ends_with(':');
    if (is_json) name.remove_suffix(1);
    if (!names.insert(name).second) throw Error("the parameter '" + std::string(name) + "' is given twice");
    writer.text(name);
    if (!is_json) {
      writer.raw(as_text ? encode_text(value) : encode_guessed(value));
      continue;
    }
    std::string fault;
    const auto encoded = encode_json(value, fault);
    // The place in the text is that of the text made above.
    if (!encoded) {
      throw Error("'" + argument + "': the value is not JSON: " + fault.substr(0, fault.find(" (at byte")));
    }
    writer.raw(*encoded);
  }
  if (map.size() > limits::event_bytes_max) {
    throw Error("the parameters take more than the 64 KiB of an event");
  }
  return map;
}

}  // namespace zevi::pub

#include <algorithm>
#include <bit>

#include "zevi/catalogue.hpp"
#include "zevi/utf8.hpp"

namespace zevi {

namespace {

using Kind = CatalogueFinding::Kind;

bool accepts(const CatalogueParam& param, const pack::Item& item) noexcept {
  if (item.type == pack::Type::nil) return param.nullable || param.type == ParamType::any;
  switch (param.type) {
    case ParamType::sint:
      return item.fits_int64();
    case ParamType::uint:
      return item.fits_uint64();
    case ParamType::real:
      return item.type == pack::Type::real || item.type == pack::Type::integer;
    case ParamType::string:
    case ParamType::bytes:
      return item.is_text();
    case ParamType::boolean:
      return item.type == pack::Type::boolean;
    case ParamType::any:
      return item.type != pack::Type::extension;
  }
  return false;
}

/// Goes through one parameter map beside its description.
class Comparison {
 public:
  Comparison(const CatalogueEvent& event, std::string_view params) noexcept
      : event_(event), params_(params), reader_(params) {}

  [[nodiscard]] CatalogueFinding run() noexcept {
    if (!read_all()) return finding(Kind::malformed, {});
    if (wrong_ != 0) return wrong_type(event_.params[static_cast<std::size_t>(std::countr_zero(wrong_))]);
    const std::uint64_t missing = ~seen_;
    for (std::size_t i = 0; i < event_.params.size(); ++i) {
      if ((missing >> i & 1) != 0 && !event_.params[i].optional) {
        return finding(Kind::missing_param, event_.params[i].name);
      }
    }
    if (is_unknown_ && !event_.open) return finding(Kind::unknown_param, unknown_);
    return {};
  }

 private:
  [[nodiscard]] bool read_all() noexcept {
    pack::Item item;
    if (!reader_.next(item) || item.type != pack::Type::map) return false;
    for (std::uint32_t left = item.count; left > 0; --left) {
      if (!reader_.next(item) || !item.is_text()) return false;
      const std::string_view key = item.bytes;
      pack::Reader ahead = reader_;
      if (!ahead.next(item) || !reader_.skip()) return false;
      note(key, item);
    }
    return reader_.at_end();
  }

  void note(std::string_view key, const pack::Item& item) noexcept {
    if (!look_up(key)) {
      if (!is_unknown_) unknown_ = key;
      is_unknown_ = true;
      return;
    }
    const std::uint64_t bit = std::uint64_t{1} << index_;
    seen_ |= bit;
    if (accepts(event_.params[index_], item)) {
      wrong_ &= ~bit;
    } else {
      wrong_ |= bit;
    }
    advance();
  }

  /// Publishers keep the order of the catalogue, so the search begins behind the parameter before.
  [[nodiscard]] bool look_up(std::string_view key) noexcept {
    for (std::size_t tried = 0; tried < event_.params.size(); ++tried) {
      if (event_.params[index_].name == key) return true;
      advance();
    }
    return false;
  }

  void advance() noexcept {
    if (++index_ == event_.params.size()) index_ = 0;
  }

  [[nodiscard]] CatalogueFinding wrong_type(const CatalogueParam& param) const noexcept {
    CatalogueFinding result = finding(Kind::wrong_type, param.name);
    result.expected = param.type;
    result.found = type_of_last(param.name);
    return result;
  }

  /// Looked up again, since only an event that is wrong needs it.
  [[nodiscard]] pack::Type type_of_last(std::string_view name) const noexcept {
    pack::Reader reader(params_);
    pack::Item item;
    pack::Type type = pack::Type::nil;
    if (!reader.next(item)) return type;
    for (std::uint32_t left = item.count; left > 0; --left) {
      if (!reader.next(item)) break;
      const bool is_it = item.bytes == name;
      pack::Reader ahead = reader;
      if (!ahead.next(item) || !reader.skip()) break;
      if (is_it) type = item.type;
    }
    return type;
  }

  [[nodiscard]] CatalogueFinding finding(Kind kind, std::string_view param) const noexcept {
    return {.kind = kind, .topic = event_.name, .param = param};
  }

  const CatalogueEvent& event_;
  std::string_view params_;
  pack::Reader reader_;
  std::size_t index_ = 0;
  std::uint64_t seen_ = 0;
  std::uint64_t wrong_ = 0;
  bool is_unknown_ = false;
  std::string_view unknown_;
};

std::string_view describe_type(pack::Type found, ParamType expected) noexcept {
  const bool is_range = expected == ParamType::sint || expected == ParamType::uint;
  switch (found) {
    case pack::Type::nil:
      return "nil";
    case pack::Type::boolean:
      return "a bool";
    case pack::Type::integer:
      return is_range ? "an integer out of its range" : "an integer";
    case pack::Type::real:
      return "a double";
    case pack::Type::string:
    case pack::Type::binary:
      return "text";
    case pack::Type::array:
      return "an array";
    case pack::Type::map:
      return "a map";
    case pack::Type::extension:
      return "an extension type";
  }
  return "unknown";
}

/// `text` in quotes, fit for a line of log whoever sent it.
std::string quoted(std::string_view text) {
  constexpr std::size_t bytes_max = 64;
  const bool is_printable = is_utf8(text) && std::none_of(text.begin(), text.end(), [](char c) {
                              return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
                            });
  std::string result = "'";
  if (is_printable && text.size() <= bytes_max) {
    result += text;
    return result + "'";
  }
  for (const char c : text.substr(0, bytes_max)) {
    const bool plain = c >= 0x20 && c < 0x7F;
    result += plain ? c : '?';
  }
  return result + (text.size() > bytes_max ? "...'" : "'");
}

}  // namespace

std::string_view name_of(ParamType type) noexcept {
  switch (type) {
    case ParamType::sint:
      return "int";
    case ParamType::uint:
      return "uint";
    case ParamType::real:
      return "double";
    case ParamType::string:
      return "string";
    case ParamType::boolean:
      return "bool";
    case ParamType::bytes:
      return "bytes";
    case ParamType::any:
      return "any";
  }
  return "unknown";
}

std::string CatalogueFinding::describe() const {
  const std::string event = "event " + quoted(topic);
  switch (kind) {
    case Kind::none:
      return {};
    case Kind::unknown_event:
      return event + " is described by no catalogue";
    case Kind::wrong_type:
      return event + ": parameter " + quoted(param) + " should be of the type " +
             std::string(name_of(expected)) + " and is " + std::string(describe_type(found, expected));
    case Kind::missing_param:
      return event + ": parameter " + quoted(param) + " is missing";
    case Kind::unknown_param:
      return event + ": parameter " + quoted(param) + " is not in its description";
    case Kind::malformed:
      return event + ": its parameters are no well-formed map";
  }
  return {};
}

CatalogueFinding Catalogue::check(std::string_view topic, std::string_view params) const noexcept {
  const CatalogueEvent* const event = find(topic);
  if (event == nullptr) return {.kind = Kind::unknown_event, .topic = topic};
  return check(*event, params);
}

CatalogueFinding Catalogue::check(const CatalogueEvent& event, std::string_view params) noexcept {
  return Comparison(event, params).run();
}

}  // namespace zevi

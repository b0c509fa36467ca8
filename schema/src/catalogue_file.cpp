#include "catalogue_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "zevi/error.hpp"
#include "zevi/topic.hpp"

namespace zevi::catalogue_file {

namespace {

using nlohmann::json;

constexpr std::size_t file_bytes_max = 4 * 1024 * 1024;
constexpr std::size_t events_max = 4096;
constexpr std::size_t params_max = 64;
constexpr std::size_t param_name_bytes_max = 64;
constexpr std::size_t text_bytes_max = 4096;
constexpr int nesting_max = 16;
constexpr const char* text_rule = "of at most 4096 bytes without control characters";

constexpr ParamType types[] = {ParamType::sint,    ParamType::uint,  ParamType::real, ParamType::string,
                               ParamType::boolean, ParamType::bytes, ParamType::any};

/// `value` for an error line, not longer than a line should be.
std::string shown(const json& value) {
  constexpr std::size_t chars_max = 80;
  std::string text = value.dump(-1, ' ', true);
  if (text.size() > chars_max) text = text.substr(0, chars_max - 3) + "...";
  return text;
}

bool is_text(const json& value) {
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  return text.size() <= text_bytes_max && std::none_of(text.begin(), text.end(), [](char c) {
           return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
         });
}

bool is_unit(std::string_view text) {
  return text.size() <= 16 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '/';
         });
}

bool fits(const json& value, ParamType type) {
  switch (type) {
    case ParamType::sint:
      return value.is_number_integer() &&
             (!value.is_number_unsigned() || value.get<std::uint64_t>() <= std::uint64_t{INT64_MAX});
    case ParamType::uint:
      return value.is_number_unsigned();
    case ParamType::real:
      return value.is_number();
    case ParamType::string:
      return is_text(value);
    case ParamType::boolean:
      return value.is_boolean();
    case ParamType::bytes:
      return false;
    case ParamType::any:
      return value.is_number() || value.is_boolean() || is_text(value);
  }
  return false;
}

/// Watches over a parse: neither deep nesting nor a field that comes twice in an object, of which JSON
/// readers silently take the last.
class ParseGuard {
 public:
  explicit ParseGuard(const std::string& name) : name_(name) {}

  bool operator()(int depth, json::parse_event_t event, json& parsed) {
    using Event = json::parse_event_t;
    if (event == Event::object_start || event == Event::array_start) {
      if (depth >= nesting_max) throw Error(name_ + ": is nested deeper than 16, which no catalogue needs");
    }
    if (event == Event::object_start) fields_.emplace_back();
    if (event == Event::object_end) fields_.pop_back();
    if (event == Event::key && !fields_.back().insert(parsed.get<std::string>()).second) {
      throw Error(name_ + ": the field " + shown(parsed) + " is twice in one object; take one of them out");
    }
    return true;
  }

 private:
  const std::string& name_;
  std::vector<std::set<std::string>> fields_;
};

json parse_json(std::string_view text, const std::string& name) {
  if (text.size() > file_bytes_max) throw Error(name + ": is larger than 4 MiB; make it several files");
  ParseGuard guard(name);
  try {
    return json::parse(text, std::ref(guard));
  } catch (const json::exception& error) {
    // "[json.exception.parse_error.101] parse error at line 1, column 2: ..."
    const std::string_view what = error.what();
    const std::size_t from = what.find("] ");
    throw Error(
        name + ": is no JSON: " + std::string(from == std::string_view::npos ? what : what.substr(from + 2)));
  }
}

class FileReader {
 public:
  explicit FileReader(const std::string& name) : name_(name), where_(name) {}

  [[nodiscard]] std::vector<CatalogueEvent> read(const json& root);

 private:
  [[noreturn]] void fault(const std::string& reason) const { throw Error(where_ + ": " + reason); }

  CatalogueEvent read_event(std::size_t number, const json& fields);
  CatalogueParam read_param(const std::string& event, std::size_t number, const json& fields);
  std::vector<KnownValue> read_values(const json& fields, ParamType type) const;
  ParamType read_type(const json& fields) const;

  void only(const json& fields, std::initializer_list<const char*> known) const;
  std::string text(const json& fields, const char* name) const;
  bool flag(const json& fields, const char* name) const;

  const std::string& name_;
  std::string where_;
};

std::vector<CatalogueEvent> FileReader::read(const json& root) {
  if (!root.is_object() || !root.contains("zevi_catalogue")) {
    fault("is no catalogue: it has to be an object that begins with \"zevi_catalogue\": 1");
  }
  const json& version = root["zevi_catalogue"];
  if (!version.is_number_integer() || version != 1) {
    fault("\"zevi_catalogue\" is " + shown(version) + ", a format that is not known here; known is 1");
  }
  only(root, {"zevi_catalogue", "doc", "events"});
  (void)text(root, "doc");
  const auto list = root.find("events");
  if (list == root.end() || !list->is_array()) fault("\"events\" has to be an array of events");
  if (list->size() > events_max) {
    fault("has " + std::to_string(list->size()) + " events; 4096 are the most, make it several files");
  }
  std::vector<CatalogueEvent> events;
  std::set<std::string> names;
  for (const json& fields : *list) {
    events.push_back(read_event(events.size() + 1, fields));
    if (!names.insert(events.back().name).second) {
      where_ = name_ + ": event '" + events.back().name + "'";
      fault("is described twice; take one of them out");
    }
  }
  return events;
}

CatalogueEvent FileReader::read_event(std::size_t number, const json& fields) {
  where_ = name_ + ": event number " + std::to_string(number);
  if (!fields.is_object()) fault("has to be an object");
  const json topic = fields.value("name", json());
  if (!topic.is_string() || !is_topic(topic.get_ref<const std::string&>())) {
    fault("\"name\" is " + shown(topic) + ", which is no topic: use 1 to 128 of A-Z a-z 0-9 _ . -");
  }
  CatalogueEvent event;
  event.name = topic.get<std::string>();
  event.source = name_;
  const std::string here = where_ = name_ + ": event '" + event.name + "'";
  if (is_reserved_topic(event.name) && fields.value("origin", json()) != "zevid") {
    fault("names that begin with E_ZEVI_ belong to the broker; choose another");
  }
  only(fields, {"name", "origin", "doc", "open", "notes", "params"});
  event.origin = text(fields, "origin");
  event.doc = text(fields, "doc");
  if (event.doc.empty()) fault("\"doc\" is missing: say what it is, in a sentence");
  event.open = flag(fields, "open");
  const json notes = fields.value("notes", json::array());
  if (!notes.is_array() || !std::all_of(notes.begin(), notes.end(), is_text)) {
    fault(std::string("\"notes\" has to be an array of texts ") + text_rule);
  }
  event.notes = notes.get<std::vector<std::string>>();
  const auto params = fields.find("params");
  if (params == fields.end() || !params->is_array()) {
    fault("\"params\" has to be an array, empty for an event without parameters");
  }
  if (params->size() > params_max) {
    fault("has " + std::to_string(params->size()) + " params; 64 are the most");
  }
  std::set<std::string> names;
  for (const json& param : *params) {
    event.params.push_back(read_param(here, event.params.size() + 1, param));
    if (!names.insert(event.params.back().name).second) fault("is described twice; take one of them out");
  }
  return event;
}

CatalogueParam FileReader::read_param(const std::string& event, std::size_t number, const json& fields) {
  where_ = event + ", param number " + std::to_string(number);
  if (!fields.is_object()) fault("has to be an object");
  const json name = fields.value("name", json());
  if (!is_text(name) || name == "" || name.get_ref<const std::string&>().size() > param_name_bytes_max) {
    fault("\"name\" is " + shown(name) + "; it has to be 1 to 64 bytes without control characters");
  }
  CatalogueParam param;
  param.name = name.get<std::string>();
  where_ = event + ", param '" + param.name + "'";
  only(fields, {"name", "type", "unit", "optional", "nullable", "doc", "values", "values_open"});
  param.type = read_type(fields);
  param.unit = text(fields, "unit");
  if (!is_unit(param.unit)) {
    fault("\"unit\" is " + shown(param.unit) + "; it has to be 1 to 16 of a-z 0-9 _ /, such as ms or bytes");
  }
  param.optional = flag(fields, "optional");
  param.nullable = flag(fields, "nullable");
  if (param.nullable && param.type == ParamType::any) {
    fault("\"nullable\" has no meaning for the type any, which can be nil anyway; leave it out");
  }
  param.doc = text(fields, "doc");
  param.values = read_values(fields, param.type);
  param.values_open = flag(fields, "values_open");
  return param;
}

ParamType FileReader::read_type(const json& fields) const {
  const json name = fields.value("type", json());
  const auto* const found = std::find_if(std::begin(types), std::end(types), [&](ParamType type) {
    return name.is_string() && name.get_ref<const std::string&>() == name_of(type);
  });
  if (found == std::end(types)) {
    fault("\"type\" is " + shown(name) + "; it has to be one of int, uint, double, string, bool, bytes, any");
  }
  return *found;
}

std::vector<KnownValue> FileReader::read_values(const json& fields, ParamType type) const {
  const auto list = fields.find("values");
  if (list == fields.end()) return {};
  if (!list->is_array() || list->empty() || type == ParamType::bytes) {
    fault("\"values\" has to be an array of one or more, for any type but bytes");
  }
  std::vector<KnownValue> values;
  for (const json& entry : *list) {
    json value = entry;
    std::string doc;
    if (entry.is_object()) {
      only(entry, {"value", "doc"});
      doc = text(entry, "doc");
      value = entry.value("value", json());
    }
    if (!fits(value, type)) {
      fault("\"values\" holds " + shown(value) + ", which is no " + std::string(name_of(type)));
    }
    values.push_back({value.is_string() ? value.get<std::string>() : value.dump(), doc});
  }
  return values;
}

void FileReader::only(const json& fields, std::initializer_list<const char*> known) const {
  for (const auto& [name, value] : fields.items()) {
    if (name.starts_with("x-") || std::find(known.begin(), known.end(), name) != known.end()) continue;
    std::string list;
    for (const char* const field : known) list += (list.empty() ? "" : ", ") + std::string(field);
    fault("the field " + shown(name) + " is not known; known are " + list + " (begin your own with x-)");
  }
}

std::string FileReader::text(const json& fields, const char* name) const {
  const json text = fields.value(name, json(""));
  if (!is_text(text)) fault("\"" + std::string(name) + "\" has to be a text " + text_rule);
  return text.get<std::string>();
}

bool FileReader::flag(const json& fields, const char* name) const {
  const json flag = fields.value(name, json(false));
  if (!flag.is_boolean()) {
    fault("\"" + std::string(name) + "\" is " + shown(flag) + "; it has to be true or false");
  }
  return flag.get<bool>();
}

}  // namespace

std::string load(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"), &std::fclose);
  const auto refuse = [&] { return Error(path + ": cannot be read: " + std::strerror(errno)); };
  if (!file) throw refuse();
  std::string bytes(file_bytes_max + 1, '\0');
  bytes.resize(std::fread(bytes.data(), 1, bytes.size(), file.get()));
  if (std::ferror(file.get()) != 0) throw refuse();
  return bytes;
}

std::vector<CatalogueEvent> parse(std::string_view json, const std::string& name) {
  return FileReader(name).read(parse_json(json, name));
}

}  // namespace zevi::catalogue_file

#include "event_lines.hpp"
#include "zevi/json.hpp"

namespace zevi::cli {

void append_json_line(std::string& out, const Event& event) {
  out += R"({"topic":")";
  out += event.topic;
  out += R"(","q":)";
  out += std::to_string(event.q);
  out += R"(,"time_ns":)";
  out += std::to_string(event.time_ns);
  out += R"(,"src":)";
  append_json_string(out, event.src);
  out += R"(,"pid":)";
  out += std::to_string(event.pid);
  out += R"(,"params":)";
  append_json(out, event.params_raw);
  out += "}\n";
}

}  // namespace zevi::cli

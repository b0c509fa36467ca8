#include <boost/program_options/value_semantic.hpp>
#include <iostream>

#include "delivery.hpp"
#include "log.hpp"
#include "object.hpp"
#include "parameters.hpp"
#include "program.hpp"
#include "quantities.hpp"
#include "zevi/endpoints.hpp"
#include "zevi/topic.hpp"

namespace {

using namespace zevi;
using Texts = std::vector<std::string>;
namespace po = program::po;

constexpr program::About about{"zevi pub", "[OPTION]... TOPIC [NAME=VALUE | NAME:=JSON]...",
                               "Publishes an event, and waits until the broker has taken it. A VALUE that is "
                               "a number, true, false or null in\n"
                               "JSON is sent as that, any other as text; NAME:=JSON sends any JSON value. "
                               "An event that nobody wants\n"
                               "is not sent, which is no failure.",
                               "  zevi pub E_DOOR_OPENED door=front code=007 attempts=3\n"
                               "  zevi pub E_DOOR_OPENED --string code=12345\n"
                               "  zevi pub E_ROUTE_CHANGED 'gateways:=[\"10.0.0.1\", \"10.0.0.2\"]'\n"
                               "  tail -f events.ndjson | zevi pub E_IMPORTED --json",
                               "0, 1 if the broker did not take an event, 2 for a wrong command line."};

void describe_options(program::OptionTable& table) {
  auto add = table.visible.add_options();
  add("json", "read events from standard input, one JSON object of parameters a line");
  add("string,s", "NAME=VALUE is always text");
  add("name", po::value<std::string>()->default_value("zevi-pub")->value_name("NAME"),
      "source of the events, as subscribers see it");
  add("timeout", po::value<program::Duration>()->default_value({std::chrono::seconds(5)})->value_name("TIME"),
      "how long to wait for the broker");
  add("runtime-dir", po::value<std::string>()->default_value("")->value_name("DIR"),
      "directory of the broker's sockets");
  add("endpoint", po::value<std::string>()->default_value("")->value_name("ENDPOINT"),
      "the broker's ingress, instead of the one in the runtime directory");
  program::add_curve_options(table);
  auto add_hidden = table.hidden.add_options();
  add_hidden("topic", po::value<std::string>());
  add_hidden("parameter", po::value<Texts>());
  table.positional.add("topic", 1).add("parameter", -1);
}

std::string topic_of(const po::variables_map& values) {
  if (values.count("topic") == 0) throw program::UsageError("which topic? give TOPIC");
  std::string topic = values["topic"].as<std::string>();
  if (!is_topic(topic) || is_reserved_topic(topic)) {
    throw program::UsageError("'" + topic +
                              "' is no topic: use 1 to 128 of A-Z a-z 0-9 _ . -, without E_ZEVI_ in front");
  }
  return topic;
}

pub::Delivery::Options delivery_of(const po::variables_map& values) {
  pub::Delivery::Options options;
  options.topic = topic_of(values);
  options.name = values["name"].as<std::string>();
  options.timeout = values["timeout"].as<program::Duration>().value;
  options.endpoint = values["endpoint"].as<std::string>();
  options.curve = program::curve_options(values);
  if (options.endpoint.empty()) {
    options.endpoint =
        ipc_endpoint(client_runtime_dir(values["runtime-dir"].as<std::string>()), endpoint_names::ingress);
  }
  return options;
}

/// Publishes a line an event. False if a line was none.
bool publish_lines(pub::Delivery& delivery, const program::Log& log) {
  json::ObjectReader reader;
  bool all_good = true;
  std::string line;
  for (std::uint64_t number = 1; std::getline(std::cin, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const std::string fault = reader.read(line);
    if (fault.empty()) {
      delivery.publish(reader.params());
      continue;
    }
    log.error("standard input, line " + std::to_string(number) + ": " + fault);
    all_good = false;
  }
  return all_good;
}

int publish(const po::variables_map& values) {
  const bool from_lines = values.count("json") != 0;
  const Texts parameters = values.count("parameter") != 0 ? values["parameter"].as<Texts>() : Texts();
  if (from_lines && !parameters.empty()) {
    throw program::UsageError("--json reads the parameters from standard input: leave out '" +
                              parameters.front() + "'");
  }
  const program::Log log("zevi pub");
  const pub::Delivery::Options options = delivery_of(values);
  const std::string params =
      from_lines ? std::string() : pub::encode_parameters(parameters, values.count("string") != 0);

  pub::Delivery delivery(options);
  bool all_good = true;
  if (from_lines) {
    all_good = publish_lines(delivery, log);
  } else {
    delivery.publish(params);
  }
  delivery.finish();
  if (delivery.unwanted() > 0) {
    log.info("nobody wants " + options.topic + ": " + std::to_string(delivery.unwanted()) + " not sent");
  }
  return all_good ? program::exit_ok : program::exit_failure;
}

}  // namespace

int main(int argc, char** argv) {
  return program::run("zevi pub", [&] {
    program::OptionTable table;
    describe_options(table);
    po::variables_map values;
    if (!program::parse(about, table, argc, argv, values)) return static_cast<int>(program::exit_ok);
    return publish(values);
  });
}

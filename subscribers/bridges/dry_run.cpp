#include "dry_run.hpp"

#include <iostream>

#include "zevi/error.hpp"
#include "zevi/json.hpp"

namespace zevi::bridges {

Bus::Sent DryRun::send(const Outgoing& message) {
  std::cout << message.subject << "\nid: " << message.id << '\n';
  for (const Header& header : message.headers) std::cout << header.name << ": " << header.value << '\n';
  if (payload_ == Payload::json) {
    std::cout << message.payload;
  } else {
    std::string text;
    append_json(text, message.payload);
    std::cout << message.payload.size() << " bytes of msgpack: " << text;
  }
  std::cout << "\n\n";
  last_ = message.number;
  return Sent::yes;
}

void DryRun::poll(Report& report) {
  std::cout.flush();
  if (!std::cout) throw Error("nobody reads the output");
  report.acknowledged_to = last_;
}

}  // namespace zevi::bridges

#include "address.hpp"

#include "zevi/endpoints.hpp"
#include "zevi/error.hpp"

namespace zevi::shim {

Address::Address(const Options& options, bool is_child)
    : curve_(options.curve),
      endpoint_(is_child && options.is_inproc() ? options.fork_endpoint : options.endpoint),
      runtime_dir_(options.runtime_dir),
      variables_(options.variables) {}

std::string Address::find() const {
  if (!endpoint_.empty()) return endpoint_;
  try {
    return ipc_endpoint(client_runtime_dir(runtime_dir_, variables_), endpoint_names::ingress);
  } catch (const Error&) {
    return {};
  }
}

}  // namespace zevi::shim

// SPDX-License-Identifier: BSD-3-Clause
// The table of everything the API answers: routing, checks, errors and the OpenAPI description come from it alone.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "control/api/live_data.h"
#include "control/api/message.h"
#include "control/api/query.h"

namespace wirewatch {

struct EndpointCall {
  const ApiRequest& request;
  const Query& query;
  LiveData& live;
  /// What stands for each {...} of the endpoint's path: names that are safe as those of files.
  std::vector<std::string> names{};
};

struct ApiEndpoint {
  Method method;
  std::string_view path;  // a segment in braces, as in "/captures/{name}", stands for a name
  std::string_view summary;
  std::vector<Parameter> parameters;
  std::string_view body;  // an example of what it takes; empty when it takes none
  void (*answer)(const EndpointCall& call, Reply reply);
  unsigned status = 200;                      // when all is well
  std::string_view content_type = kJsonType;  // then
};

std::span<const ApiEndpoint> api_endpoints();

/// Finds the endpoint, checks the query and lets it answer; whatever is wrong is answered as a problem.
void answer(const ApiRequest& request, LiveData& live, Reply reply);

/// OpenAPI 3.1 of the table.
std::string open_api_document();

}  // namespace wirewatch

// SPDX-License-Identifier: BSD-3-Clause
#include <nlohmann/json.hpp>

#include "control/api/endpoints.h"
#include "control/api/version.h"

namespace wirewatch {
namespace {

using nlohmann::json;

json schema_of(const Parameter& parameter) {
  json schema{{"type", parameter.range ? "integer" : "string"}};
  if (parameter.range) {
    schema["minimum"] = parameter.range->first;
    schema["maximum"] = parameter.range->second;
  }
  if (!parameter.choices.empty()) schema["enum"] = parameter.choices;
  if (!parameter.usual.empty()) {
    schema["default"] = parameter.range ? json(std::stoull(std::string(parameter.usual))) : json(parameter.usual);
  }
  return schema;
}

json response_of(std::string_view description, std::string_view type) {
  const char* const schema = type == kJsonType ? "object" : type == kProblemType ? "object" : "string";
  return {{"description", description}, {"content", {{type.substr(0, type.find(';')), {{"schema", {{"type", schema}}}}}}}};
}

json operation_of(const ApiEndpoint& endpoint) {
  json operation{{"summary", endpoint.summary}, {"operationId", std::string(to_string(endpoint.method)) + " " + std::string(endpoint.path)}};
  for (const Parameter& parameter : endpoint.parameters) {
    operation["parameters"].push_back({{"name", parameter.name},
                                       {"in", "query"},
                                       {"required", false},
                                       {"description", parameter.description},
                                       {"schema", schema_of(parameter)}});
  }
  for (std::string_view rest = endpoint.path; rest.find('{') != std::string_view::npos;) {
    rest.remove_prefix(rest.find('{') + 1);
    operation["parameters"].push_back({{"name", rest.substr(0, rest.find('}'))},
                                       {"in", "path"},
                                       {"required", true},
                                       {"schema", {{"type", "string"}, {"pattern", "^[A-Za-z0-9_-][A-Za-z0-9_.-]*$"}}}});
  }
  if (!endpoint.body.empty()) {
    operation["requestBody"] = {
        {"required", true},
        {"content", {{kJsonType, {{"schema", {{"type", "object"}}}, {"example", json::parse(endpoint.body)}}}}}};
  }
  operation["responses"] = {{std::to_string(endpoint.status), response_of(endpoint.summary, endpoint.content_type)},
                            {"default", response_of("What was wrong, and what was expected (RFC 9457)", kProblemType)}};
  return operation;
}

std::string lower(std::string_view text) {
  std::string lowered(text);
  for (char& c : lowered) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return lowered;
}

}  // namespace

std::string open_api_document() {
  json document{{"openapi", "3.1.0"},
                {"info",
                 {{"title", "Wirewatch"},
                  {"version", kApiVersion},
                  {"description", "What a Wirewatch control daemon saw. Rows have the keys of the schema wirewatch/report/1."},
                  {"license", {{"name", "BSD-3-Clause"}, {"identifier", "BSD-3-Clause"}}}}},
                {"servers", {{{"url", "/"}}}},
                {"components", {{"securitySchemes", {{"token", {{"type", "http"}, {"scheme", "bearer"}}}}}}},
                {"security", {{{"token", json::array()}}, json::object()}}};
  for (const ApiEndpoint& endpoint : api_endpoints()) {
    document["paths"][std::string(endpoint.path)][lower(to_string(endpoint.method))] = operation_of(endpoint);
  }
  return document.dump(1) + "\n";
}

}  // namespace wirewatch

// SPDX-License-Identifier: BSD-3-Clause
// Hyperscan knows the widths; what it does not tell (is every alternative anchored, is there a `$`) is read
// off the text, with just enough of the syntax to skip escapes and character classes.
#include "control/rules/regex_lint.h"

#include <hs.h>

#include <cstdlib>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>

namespace wirewatch {
namespace {

constexpr size_t kLongestRegex = 1000;

/// The offset behind a leading group of flags that keep `^` what it is, such as (?i).
size_t skip_flags(std::string_view regex) {
  if (!regex.starts_with("(?")) return 0;
  const size_t end = regex.find_first_not_of("is", 2);
  return end != std::string_view::npos && end > 2 && regex[end] == ')' ? end + 1 : 0;
}

/// Offset behind the character class that begins at `at`.
size_t skip_class(std::string_view regex, size_t at) {
  ++at;
  if (at < regex.size() && regex[at] == '^') ++at;
  if (at < regex.size() && regex[at] == ']') ++at;  // the first one is a member, not the end
  while (at < regex.size() && regex[at] != ']') {
    if (regex[at] == '\\') {
      ++at;
    } else if (regex.substr(at).starts_with("[:")) {
      if (const size_t end = regex.find(":]", at + 2); end != std::string_view::npos) at = end + 1;
    }
    ++at;
  }
  return at + 1;
}

std::optional<TextFault> fault_in_text(std::string_view regex) {
  if (regex.size() > kLongestRegex) return TextFault{0, "a regex of more than 1000 characters is refused"};
  if (const size_t nul = regex.find('\0'); nul != std::string_view::npos) {
    return TextFault{nul, "a regex cannot hold a NUL character; write \\x00 in a literal string"};
  }
  const size_t anchor = skip_flags(regex);
  if (anchor >= regex.size() || regex[anchor] != '^') {
    return TextFault{anchor, "a regex must begin with ^: it describes how a payload begins"};
  }
  if (anchor + 1 < regex.size() &&
      std::string_view("?*+{").find(regex[anchor + 1]) != std::string_view::npos) {
    return TextFault{anchor + 1, "the ^ must not be repeated or made optional"};
  }
  size_t depth = 0;
  for (size_t at = anchor + 1; at < regex.size(); ++at) {
    switch (regex[at]) {
      case '\\':
        ++at;
        if (at < regex.size() && regex[at] == 'Q') {
          return TextFault{at - 1, "\\Q is refused; escape each character instead"};
        }
        break;
      case '[':
        at = skip_class(regex, at) - 1;
        break;
      case '(':
        ++depth;
        break;
      case ')':
        if (depth > 0) --depth;
        break;
      case '|':
        if (depth == 0) {
          return TextFault{at, "an alternative outside parentheses is not anchored by the ^; write ^(?:a|b)"};
        }
        break;
      case '$':
        return TextFault{at, "$ also matches before a final newline; write \\z for the end of the payload"};
      default:
        break;
    }
  }
  return std::nullopt;
}

struct FreeError {
  void operator()(hs_compile_error_t* error) const noexcept { hs_free_compile_error(error); }
};
struct FreeInfo {
  void operator()(hs_expr_info_t* info) const noexcept { std::free(info); }
};

}  // namespace

unsigned int regex_flags() { return HS_FLAG_DOTALL | HS_FLAG_SINGLEMATCH; }

tl::expected<RegexWidth, TextFault> lint_regex(const std::string& regex) {
  if (auto fault = fault_in_text(regex)) return tl::unexpected(std::move(*fault));
  hs_expr_info_t* raw_info = nullptr;
  hs_compile_error_t* raw_error = nullptr;
  const auto status = hs_expression_info(regex.c_str(), regex_flags(), &raw_info, &raw_error);
  const std::unique_ptr<hs_expr_info_t, FreeInfo> info(raw_info);
  const std::unique_ptr<hs_compile_error_t, FreeError> error(raw_error);
  if (status != HS_SUCCESS || !info) {
    const std::string why = error ? error->message : "no reason given";
    return tl::unexpected(TextFault{0, "Hyperscan refuses this regex: " + why});
  }
  if (info->max_width == std::numeric_limits<unsigned int>::max()) {
    return tl::unexpected(TextFault{0, "a regex must have a bounded width; write {1,n} instead of + or *"});
  }
  if (info->max_width > kWidestRegex) {
    return tl::unexpected(TextFault{0, "this regex can match " + std::to_string(info->max_width) +
                                           " bytes, at most " + std::to_string(kWidestRegex) +
                                           " are allowed"});
  }
  if (info->min_width == 0) return tl::unexpected(TextFault{0, "this regex matches an empty payload"});
  return RegexWidth{info->min_width, info->max_width};
}

}  // namespace wirewatch

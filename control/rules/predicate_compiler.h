// SPDX-License-Identifier: BSD-3-Clause
// Tests of rules from text to the form the packet path evaluates.
//
//   test    := term (== | != | < | <= | > | >=) term  |  term "in" operand ".." operand
//   term    := operand [(+ | - | * | & | %) operand]
//   operand := integer | len | port | client_port | (u8 | be16 | le16 | be24 | be32 | le32) @ OFFSET
#pragma once

#include <string_view>
#include <tl/expected.hpp>

#include "control/rules/diagnostics.h"
#include "dataplane/classify/predicate.h"

namespace wirewatch {

tl::expected<Predicate, TextFault> compile_predicate(std::string_view text);

/// A lone operand that reads the payload, as `refine` names one.
tl::expected<Operand, TextFault> compile_field(std::string_view text);

}  // namespace wirewatch

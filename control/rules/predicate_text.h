// SPDX-License-Identifier: BSD-3-Clause
// Tests of rules back into words, as their author wrote them or nearly so, with what they compared.
#pragma once

#include <string>

#include "dataplane/classify/predicate.h"

namespace wirewatch {

/// "be16@2 == len".
std::string text_of(const Predicate& predicate);

/// "19 == 20", or "be16@2 is beyond the payload" when a field cannot be read.
std::string compared(const Predicate& predicate, const PredicateInput& input);

}  // namespace wirewatch

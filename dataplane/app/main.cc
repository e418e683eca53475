// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/app/command_line.h"

int main(int argc, char** argv) { return wirewatch::run_command_line(argc, argv); }

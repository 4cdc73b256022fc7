# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# What t_policies.sh says, on a kernel that has no tables that are owned and stay.
# shellcheck disable=SC2034 # the case uses it
plain=yes
# shellcheck source=netns-tests/t_policies.sh
. "${BASH_SOURCE[0]%_plain.sh}.sh"

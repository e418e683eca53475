# SPDX-License-Identifier: BSD-3-Clause
"""The network with Wirewatch beside it, as measurements need it."""

import hosts
import observer
import topology


def open_lab(source, logs, dataplane_options="", managed=True, inline=False, control_options=""):
    """Builds the network, starts servers and Wirewatch, and lets it see. Returns the observer."""
    topology.build(inline)

    def observe():
        watching = observer.Observer(source, logs, control_options=control_options, dataplane_options=dataplane_options,
                                     managed=managed, inline=inline)
        watching.wait_until_watching()
        return watching

    if inline:  # nobody reaches anybody without it
        watching = observe()
        topology.open_inline()
        topology.meet_neighbours()
        hosts.start_servers(logs)
    else:  # sees nothing of how the network gets up
        topology.meet_neighbours()
        hosts.start_servers(logs)
        watching = observe()
        topology.open_mirror()
    return watching

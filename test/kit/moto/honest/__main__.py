"""Starts moto with all corrections: `python -m honest '<settings as JSON>'`.

Serves on a free port of loopback, says so as the first line of its output, and ends when its
standard input does: a test that is killed leaves no server behind.

`HONEST_MOTO_WITHOUT` names corrections to leave out, with commas between, or `*` for plain moto: to
see by hand that the test of each is red without it. Names are those of what is replaced, e.g.
`InstanceResponse.run_instances`; a test that stays green cannot fail.
"""

import json
import logging
import os
import sys
import threading

WITHOUT = [name for name in os.environ.get("HONEST_MOTO_WITHOUT", "").split(",") if name]
for switch in ("MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION", "MOTO_ENABLE_AMI_VALIDATION"):
    if switch not in WITHOUT and "*" not in WITHOUT:
        os.environ[switch] = "true"

from moto.moto_server.werkzeug_app import (  # noqa: E402
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server  # noqa: E402

from . import access, corrections, describe, images, instances, quotas, volumes  # noqa: E402
from .front import Front  # noqa: E402
from .state import emit, settings  # noqa: E402


def end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


def main() -> None:
    settings.change(json.loads(sys.argv[1]) if len(sys.argv) > 1 else {})
    corrections.install((access, describe, images, instances, quotas, volumes), WITHOUT)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    # Connections are kept, as AWS keeps them; by default werkzeug closes each.
    MotoRequestHandler.protocol_version = "HTTP/1.1"
    # Without this every answer waits for the client's delayed acknowledgement of its headers.
    MotoRequestHandler.wbufsize = -1
    MotoRequestHandler.disable_nagle_algorithm = True
    front = Front(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, front, threaded=True, request_handler=MotoRequestHandler)
    threading.Thread(target=end_with_parent, daemon=True).start()
    emit("ready", port=server.server_port)
    server.serve_forever()


main()

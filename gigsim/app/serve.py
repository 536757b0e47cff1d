"""A server for the page, for this machine alone: nothing is fetched from anywhere, nobody is told.

Solara's own command asks the package index for news, and its server reports its use over the
network; both are off here. Scripts and fonts come from the package ``solara-assets``.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from importlib.util import find_spec

from gigsim.config import Config
from gigsim.errors import InputError

_NEEDED = ("solara", "solara_assets", "ipyvuetify", "uvicorn")
_HOST = "localhost"
# Seconds that open pages get to say goodbye when the server is stopped.
_PATIENCE = 2


def check_installed() -> None:
    """Refuse without the packages of the extra ``app``.

    Raises:
        InputError: one of them is not installed.
    """
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise InputError(
            "gigsim app",
            f"{', '.join(missing)} not installed",
            'install with pip install "gigsim[app]"',
        )


def serve(config: Config, port: int, ready: Callable[[str], None]) -> None:
    """Serve pages of a config until interrupted (Ctrl-C).

    Args:
        config: what new pages open with.
        port: 0 takes a free one.
        ready: is told the address as soon as a browser may be sent there.

    Raises:
        InputError: the extra ``app`` is not installed, or the port is taken.
    """
    check_installed()
    listener = _listen(port)
    # Imported late: solara patches IPython and starts threads on import.
    import uvicorn
    from solara.server import settings
    from solara.settings import main as checks

    # It complains of Mesa's own page on everybody's terminal.
    checks.check_hooks = "off"
    settings.telemetry.mixpanel_enable = False
    settings.main.mode = "production"
    settings.theme.title = f"gigsim: {config.name}"
    settings.theme.show_banner = False

    from solara.server import starlette
    from solara.server.app import AppScript, apps

    from gigsim.app import served
    from gigsim.app.live import close_all

    served.start = config
    apps["__default__"] = AppScript(served.__name__)
    options = uvicorn.Config(
        starlette.app, log_level="error", timeout_graceful_shutdown=_PATIENCE, lifespan="on"
    )
    ready(f"http://{_HOST}:{listener.getsockname()[1]}")
    try:
        uvicorn.Server(options).run(sockets=[listener])
    except KeyboardInterrupt:
        # Uvicorn has shut down in order and hands the signal on; stopping is how this ends.
        return
    finally:
        # Economies that are being played live in threads that the interpreter waits for.
        close_all()


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        # From here on a browser is kept waiting, not sent away, until the server is up.
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise InputError(
            f"--port {port}", f"cannot be used ({error.strerror})", "0 takes a free port"
        ) from error
    return listener

"""Messages to webhooks and messengers, through apprise: an extra that is imported when a message is sent."""

from __future__ import annotations

import logging
from collections.abc import Callable
from importlib.util import find_spec

from tuimon.core.errors import UsageError
from tuimon.output.document import Json


def message_work(addresses: str) -> Callable[[dict[str, Json]], str | None]:
    """Return the work of a lane: send a document's message to everybody who is to hear of it.

    Args:
        addresses: Apprise's addresses (`jsons://host/hook`, `slack://…`), with white space between them. They
            hold secrets: no complaint repeats more of one than its scheme.

    Raises:
        UsageError: apprise is not installed, or an address is none of its.
    """
    if find_spec("apprise") is None:
        raise UsageError("needs apprise", "send_to", "pip install 'tuimon[alerts]'")
    given = addresses.split()
    for number, address in enumerate(given, start=1):
        if "://" not in address:
            raise UsageError(f"address {number} has no scheme", "send_to", "such as jsons://host/hook")

    def work(document: dict[str, Json]) -> str | None:
        import apprise  # noqa: PLC0415  # an extra, and slow to load

        # It tells its troubles, addresses and all, to a log that must not end up on the screen.
        logging.getLogger("apprise").propagate = False
        failed = []
        for address in given:
            target = apprise.Apprise()
            told = target.add(address) and target.notify(
                title=f"tuimon: {document['event']}",
                body=str(document["message"]),
                notify_type=_urgency(document),
            )
            if not told:
                failed.append(f"{address.partition('://')[0]}://")
        return f"no message could be sent to {', '.join(failed)}" if failed else None

    return work


def _urgency(document: dict[str, Json]) -> str:
    """Return apprise's word for how bad it is."""
    finding = document.get("finding")
    if document["event"] == "failed" or (isinstance(finding, dict) and finding["severity"] == "critical"):
        return "failure"
    if isinstance(finding, dict):
        return "warning" if finding["severity"] == "warning" else "info"
    return "success" if document["event"] == "done" else "info"

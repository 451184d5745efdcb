"""What is measured of a running bot, as Prometheus reads it: each figure with its name, its type and what it means."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import field
from typing import Literal

from bot.frozen import Frozen
from bot.rules.health import Trouble

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metric(Frozen):
    """One figure. Its unit stands at the end of its name; `labels` are those that each sample of it bears."""

    name: str
    type: Literal["gauge", "counter"]
    help: str
    labels: tuple[str, ...] = ()


class Sample(Frozen):
    """The value of a figure now."""

    name: str
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)


def _gauge(name: str, help_: str, *labels: str) -> Metric:
    return Metric(name=f"portevoix_{name}", type="gauge", help=help_, labels=labels)


def _counter(name: str, help_: str, *labels: str) -> Metric:
    return Metric(name=f"portevoix_{name}_total", type="counter", help=help_, labels=labels)


METRICS = (
    _gauge("info", "Always 1; which version runs, on which database.", "version", "engine"),
    _gauge("healthy", "1 where /health answers 200, 0 where it answers 503."),
    _gauge("trouble", "1 for each trouble that /health names now.", "trouble"),
    _gauge("leads", "1 where this process polls, plans and purges for all that share the database."),
    _gauge("idle", "1 where nothing is left to do now."),
    _counter("updates_received", "Updates that came since the start."),
    _gauge("updates_waiting", "Updates that are not answered yet."),
    _gauge("updates_unread", "Updates kept aside that could not be read."),
    _counter("updates_unread", "Updates put aside since the start."),
    _counter("updates_dropped", "Updates dropped from floods since the start."),
    _gauge("fetched_seconds", "Seconds since Telegram last answered who asks it for updates."),
    _counter(
        "replies",
        "Replies since the start, by what became of them (passed_over: a newer edit took its place).",
        "outcome",
    ),
    _counter("posts", "Posts to Telegram since the start, replies included, by their outcome.", "outcome"),
    _counter("asked_to_wait", "Posts that Telegram answered with retry_after since the start."),
    _gauge("retry_after_seconds", "Seconds for which nothing leaves yet; 0 while messages flow."),
    _gauge("deliveries", "Messages by what became of them and their kind.", "state", "kind"),
    _gauge("doubts", "Messages that may have left, which nobody sent again or gave up yet."),
    _gauge("due", "Messages that are due and have not left."),
    _gauge("lag_seconds", "Seconds for which the oldest due message has been due; 0 where none is."),
    _gauge("supporters", "People who agreed to be written to."),
    _gauge("consents_to_renew", "Supporters who hear nothing until they agreed to a text that changed."),
    _gauge(
        "clock_back_seconds", "Seconds by which the machine’s clock went back; 0 where nothing waits for it."
    ),
    _gauge("database_up", "1 where the database answers."),
    _gauge("database_bytes", "The size of the database."),
    _gauge("disk_free_bytes", "Free room on the disk of the database, with PostgreSQL of the data folder."),
    _gauge("backup_age_seconds", "Seconds since the last backup that was made and verified."),
    _gauge("backup_bytes", "The size of the last backup."),
    Metric(name="process_resident_memory_bytes", type="gauge", help="Memory of this process."),
    Metric(name="process_start_time_seconds", type="gauge", help="When this process began, since the epoch."),
)
"""Each is told in docs/monitoring.md and may be used by deploy/grafana.json, which tests hold."""

_BY_NAME = {metric.name: metric for metric in METRICS}


def exposition(samples: Iterable[Sample]) -> str:
    """The text of /metrics. Raises KeyError and ValueError for a sample that the table does not know so."""
    by_name: dict[str, list[Sample]] = {}
    for sample in samples:
        if set(sample.labels) != set(_BY_NAME[sample.name].labels):
            raise ValueError(
                f"{sample.name} bears {_BY_NAME[sample.name].labels}, not {tuple(sample.labels)}"
            )
        by_name.setdefault(sample.name, []).append(sample)
    lines = []
    for metric in METRICS:
        if metric.name not in by_name:
            continue
        lines += [f"# HELP {metric.name} {metric.help}", f"# TYPE {metric.name} {metric.type}"]
        lines += [_line(sample) for sample in by_name[metric.name]]
    return "\n".join(lines) + "\n"


def first_samples(*, version: str, engine: str, found: Collection[Trouble]) -> list[Sample]:
    """What is known at once, also of a bot that has not begun: which one it is, and what is wrong."""
    return [
        Sample(name="portevoix_info", value=1, labels={"version": version, "engine": engine}),
        Sample(name="portevoix_healthy", value=not found),
        *(
            Sample(name="portevoix_trouble", value=trouble in found, labels={"trouble": trouble})
            for trouble in Trouble
        ),
    ]


def _line(sample: Sample) -> str:
    labels = ",".join(f'{name}="{_escaped(value)}"' for name, value in sample.labels.items())
    return (
        f"{sample.name}{{{labels}}} {sample.value:.15g}" if labels else f"{sample.name} {sample.value:.15g}"
    )


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")

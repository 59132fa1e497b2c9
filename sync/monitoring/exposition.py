"""Counts and readings in Prometheus's words; the only module that knows its client library.

A name that ends in `_total` or is a histogram is this process's own; the gauges under `orders_house_` are the whole house's, the same
on every daemon: take their `max`, never their `sum`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from engine.monitoring.gauges import Gauge
from sync.monitoring.counts import Counter, Histogram


class Families(Protocol):
    """What a process counts."""

    @property
    def counters(self) -> tuple[Counter, ...]: ...

    @property
    def histograms(self) -> tuple[Histogram, ...]: ...


class Exposition:
    """One process's metrics, rendered as often as somebody asks."""

    def __init__(self, counted: Families, *, about: Mapping[str, str]) -> None:
        self._registry = CollectorRegistry()
        self._gauges: list[Gauge] = []
        self._registry.register(_Ours(counted, about, self._gauges))
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        GCCollector(registry=self._registry)

    def render(self, gauges: list[Gauge], accept: str) -> tuple[bytes, str]:
        """The text and its content type, as the caller accepts it."""
        self._gauges[:] = gauges
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type


class _Ours(Collector):
    def __init__(self, counted: Families, about: Mapping[str, str], gauges: list[Gauge]) -> None:
        self._counted = counted
        self._about = about
        self._gauges = gauges

    def collect(self) -> Iterator[Metric]:
        build = GaugeMetricFamily("orders_build_info", "Which program this is.", labels=list(self._about))
        build.add_metric(list(self._about.values()), 1)
        yield build
        for counter in self._counted.counters:
            family = CounterMetricFamily(counter.name, counter.says, labels=counter.labels)
            for labels, value in counter.values.items():
                family.add_metric(labels, value)
            yield family
        for histogram in self._counted.histograms:
            yield _histogram(histogram)
        for gauge in self._gauges:
            metric = GaugeMetricFamily(gauge.name, gauge.says, labels=gauge.labels)
            for labels, number in gauge.values.items():
                metric.add_metric(labels, number)
            yield metric


def _histogram(histogram: Histogram) -> HistogramMetricFamily:
    family = HistogramMetricFamily(histogram.name, histogram.says, labels=histogram.labels)
    ends = [*(f"{bound:g}" if bound != int(bound) else f"{bound:.1f}" for bound in histogram.bounds), "+Inf"]
    for labels, spread in histogram.values.items():
        upto, buckets = 0, []
        for end, number in zip(ends, spread.buckets, strict=True):
            upto += number
            buckets.append((end, float(upto)))
        family.add_metric(labels, buckets, spread.seconds)
    return family

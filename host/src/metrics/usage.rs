//! What modules have used, as the runtime counts it.

use super::collect::float;
use super::histogram::seconds;
use super::text::{Kind, Label, Page};
use runtime::{QUEUE_STEPS_US, Usage};
use std::time::Duration;

/// A number of a module for a tenant: the metric, its kind, its help, and the value.
type OfModule = (&'static str, Kind, &'static str, fn(&Usage) -> f64);

#[rustfmt::skip]
const OF_MODULES: [OfModule; 6] = [
    ("chapar_module_calls_total", Kind::Counter, "Calls of modules: requests, and what the host asks them.", |u| float(u.requests)),
    ("chapar_module_cpu_seconds_total", Kind::Counter, "CPU time of guests, and of what the host does for them on their threads.", |u| u.cpu.as_secs_f64()),
    ("chapar_module_instances_made_total", Kind::Counter, "Instances that were made.", |u| float(u.instances_made)),
    ("chapar_module_instances", Kind::Gauge, "Instances that there are.", |u| float(u.instances_alive)),
    ("chapar_module_warm_instances", Kind::Gauge, "Instances that wait for the next request of whom they serve.", |u| float(u.instances_warm)),
    ("chapar_module_pause_seconds", Kind::Gauge, "How long the module is still left alone, because it keeps trapping.", |u| u.pause.unwrap_or(Duration::ZERO).as_secs_f64()),
];

/// Counts of one family that differ in a label.
type Parts = (
    &'static str,
    &'static str,
    &'static str,
    &'static [(&'static str, fn(&Usage) -> u64)],
);

const PARTS: [Parts; 3] = [
    (
        "chapar_module_ended_total",
        "Calls that ended, by how.",
        "outcome",
        &[
            ("answered", |u| u.answered),
            ("trapped", |u| u.trapped),
            ("deadline", |u| u.deadline),
            ("memory", |u| u.memory),
            ("abandoned", |u| u.abandoned),
        ],
    ),
    (
        "chapar_module_refusals_total",
        "Calls that were refused, by what was used up.",
        "limit",
        &[
            ("places", |u| u.busy),
            ("rate", |u| u.over_rate),
            ("cpu", |u| u.over_cpu),
            ("backoff", |u| u.backed_off),
        ],
    ),
    (
        "chapar_module_runs_total",
        "Calls by where they ended: on the thread that had read the request, or moved to a guest's.",
        "thread",
        &[("caller", |u| u.ended_here), ("guests", |u| u.moved)],
    ),
];

/// Writes it all.
pub fn write(page: &mut Page, all: &[Usage]) {
    for (name, kind, help, value) in OF_MODULES {
        let mut family = page.family(name, kind, help);
        for usage in all {
            family.sample(&labels(usage), value(usage));
        }
    }
    for (name, help, label, parts) in PARTS {
        let mut family = page.family(name, Kind::Counter, help);
        for usage in all {
            let [tenant, module] = labels(usage);
            for (part, count) in parts {
                family.count(&[tenant, module, (label, part)], count(usage));
            }
        }
    }
    let help = "Time that calls waited for room for an instance.";
    let mut family = page.family("chapar_module_queue_seconds", Kind::Histogram, help);
    for usage in all {
        let bounds = QUEUE_STEPS_US.iter().map(|us| Some(seconds(*us)));
        let buckets = bounds.chain([None]).zip(usage.queued_steps);
        family.buckets(&labels(usage), buckets, usage.queued.as_secs_f64());
    }
}

/// What is done for nobody in particular is the tenant `-`.
fn labels(usage: &Usage) -> [Label<'_>; 2] {
    let tenant = match usage.tenant.as_str() {
        "" => "-",
        name => name,
    };
    [("tenant", tenant), ("module", &usage.module)]
}

#[cfg(test)]
mod tests {
    use super::super::text::Format;
    use super::*;

    #[test]
    fn what_the_runtime_counts_is_told() {
        let usage = Usage {
            tenant: "default".to_owned(),
            module: "m".to_owned(),
            requests: 9,
            answered: 5,
            trapped: 3,
            backed_off: 1,
            cpu: Duration::from_millis(1500),
            queued: Duration::from_secs(7),
            queued_steps: [4, 0, 0, 0, 0, 0, 0, 0, 1],
            moved: 2,
            pause: Some(Duration::from_millis(250)),
            ..Usage::default()
        };
        let nobody = Usage {
            module: "m".to_owned(),
            ..Usage::default()
        };
        let mut page = Page::new(Format::Prometheus);
        write(&mut page, &[usage, nobody]);
        let text = page.finish();
        for line in [
            "calls_total{tenant=\"default\",module=\"m\"} 9",
            "calls_total{tenant=\"-\",module=\"m\"} 0",
            "cpu_seconds_total{tenant=\"default\",module=\"m\"} 1.5",
            "ended_total{tenant=\"default\",module=\"m\",outcome=\"trapped\"} 3",
            "pause_seconds{tenant=\"default\",module=\"m\"} 0.25",
            "ended_total{tenant=\"default\",module=\"m\",outcome=\"answered\"} 5",
            "refusals_total{tenant=\"default\",module=\"m\",limit=\"backoff\"} 1",
            "runs_total{tenant=\"default\",module=\"m\",thread=\"guests\"} 2",
            "queue_seconds_bucket{tenant=\"default\",module=\"m\",le=\"5.0\"} 4",
            "queue_seconds_bucket{tenant=\"default\",module=\"m\",le=\"+Inf\"} 5",
            "queue_seconds_sum{tenant=\"default\",module=\"m\"} 7",
        ] {
            let line = format!("\nchapar_module_{line}\n");
            assert!(text.contains(&line), "no {line:?} in\n{text}");
        }
    }
}
